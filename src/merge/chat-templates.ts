/** Jinja of chat formats that models are trained on, by mergekit's names for them. Written for transformers and llama.cpp. */
const CHAT_TEMPLATES: ReadonlyMap<string, string> = new Map([
  [
    "alpaca",
    "{% for message in messages %}" +
      "{% if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}" +
      "{% elif message['role'] == 'user' %}{{ '### Instruction:\\n' + message['content'] + '\\n\\n' }}" +
      "{% else %}{{ '### Response:\\n' + message['content'] + '\\n\\n' }}{% endif %}" +
      "{% endfor %}" +
      "{% if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}",
  ],
  [
    "chatml",
    "{% for message in messages %}" +
      "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
      "{% endfor %}" +
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
  ],
  [
    "exaone",
    "{% for message in messages %}" +
      "{{ '[|' + message['role'] + '|]' + message['content'] }}" +
      "{% if message['role'] == 'user' %}{{ '\\n' }}{% else %}{{ '[|endofturn|]\\n' }}{% endif %}" +
      "{% endfor %}" +
      "{% if add_generation_prompt %}{{ '[|assistant|]' }}{% endif %}",
  ],
  [
    "llama3",
    "{{ bos_token }}" +
      "{% for message in messages %}" +
      "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] + '<|eot_id|>' }}" +
      "{% endfor %}" +
      "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}",
  ],
  [
    "mistral",
    "{{ bos_token }}{% set before = namespace(text='') %}" +
      "{% for message in messages %}" +
      "{% if message['role'] == 'system' %}{% set before.text = message['content'] + '\n\n' %}" +
      "{% elif message['role'] == 'user' %}" +
      "{{ '[INST] ' + before.text + message['content'] + ' [/INST]' }}{% set before.text = '' %}" +
      "{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}" +
      "{% endfor %}",
  ],
]);

export const CHAT_TEMPLATE_NAMES: readonly string[] = [...CHAT_TEMPLATES.keys()];

/** The Jinja of a known name; any other text is Jinja itself. */
export function chatTemplateOf(text: string): string {
  return CHAT_TEMPLATES.get(text) ?? text;
}

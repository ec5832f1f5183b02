/** "Answer" in the languages that models answer in; a part of an alternation. */
export const ANSWER_WORD = [
  "answer",
  "r[ée]ponse",
  "respuesta",
  "resposta",
  "risposta",
  "antwort",
  "antwoord",
  "jawaban",
  "jibu",
  "cevap",
  "odpowied[źz]",
  "odpov[ěe][ďd]",
  "válasz",
  "đáp án",
  "ответ",
  "відповідь",
  "απάντηση",
  "الإجابة",
  "الجواب",
  "پاسخ",
  "جواب",
  "תשובה",
  "उत्तर",
  "উত্তর",
  "సమాధానం",
  "คำตอบ",
  "答案",
  "答え",
  "解答",
  "正解",
  "정답",
  "답",
].join("|");

/** What joins "answer" to what it is: a verb, a particle, a colon. */
export const IS_WORD =
  "(?:\\s*(?:(?:is|est|es|ist|lautet|là|è|é|adalah|ni|to|je)(?!\\p{L})|هي|هو|است|है|হল|হলো|คือ|是|为|為|は|는|은))?\\s*[:：]?";

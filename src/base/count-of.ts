/** `1 point`, `2 points`; a plural that takes more than an s is given. */
export function countOf(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}

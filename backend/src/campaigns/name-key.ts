/** Two names that differ in case, in ё and е or in spaces are one to a reader. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase().replace(/ё/g, 'е').replace(/\s+/g, ' ').trim();
}

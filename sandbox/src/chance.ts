/**
 * The sandbox's dice. A choice about a message depends on the seed and the message's reference only, so that
 * it does not change with the order of arrival; a choice about a request depends on the seed and its number.
 */
export class Chance {
  private readonly salt = Math.floor(Math.random() * 2 ** 32);
  private counter = 0;

  constructor(private readonly seed: () => number | null) {}

  /** From 0 up to but not including 1; the same for the same subject and purpose. */
  of(subject: string, purpose: string): number {
    return hash(`${this.seed() ?? this.salt}|${purpose}|${subject}`) / 2 ** 32;
  }

  next(purpose: string): number {
    this.counter += 1;
    return this.of(String(this.counter), purpose);
  }
}

/** FNV-1a, then the finaliser of MurmurHash3: near subjects must not give near numbers. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The numbers seen in a file. An E.164 number has at most 15 digits and so fits a double exactly: 8 bytes each in an
 * open-addressed table, against some 60 in a Set of strings.
 */
export class PhoneSet {
  /** 0 is a free place: no number is 0. */
  private table: Float64Array;
  private used = 0;

  /** @param expected how many may come; one that is far too high costs address space, not memory */
  constructor(expected = 0) {
    this.table = new Float64Array(1 << Math.max(12, 33 - Math.clz32(expected)));
  }

  get size(): number {
    return this.used;
  }

  /** @returns whether the number is new. @param e164 as `+79123456789` */
  add(e164: string): boolean {
    const added = place(this.table, Number(e164));
    if (!added) return false;
    this.used += 1;
    // Above half full, probes grow long.
    if (this.used * 2 > this.table.length) this.grow();
    return true;
  }

  private grow(): void {
    const larger = new Float64Array(this.table.length * 2);
    for (const number of this.table) if (number !== 0) place(larger, number);
    this.table = larger;
  }
}

/** @returns false when the number is there already. */
function place(table: Float64Array, number: number): boolean {
  const mask = table.length - 1;
  let at = hash(number) & mask;
  while (table[at] !== 0) {
    if (table[at] === number) return false;
    at = (at + 1) & mask;
  }
  table[at] = number;
  return true;
}

/** Neighbouring numbers must not stand side by side: a list is often one operator's. (The finaliser of MurmurHash3.) */
function hash(number: number): number {
  let h = (number >>> 0) ^ Math.imul((number / 4294967296) >>> 0, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

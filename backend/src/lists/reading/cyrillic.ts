import type { Encoding } from '../../../../contract/list.ts';

/** The one-byte encodings that Russian lists come in; the one of Windows, by far the most frequent, first. */
export const CYRILLIC_ENCODINGS = ['windows-1251', 'koi8-r', 'ibm866'] as const satisfies readonly Encoding[];
export type CyrillicEncoding = (typeof CYRILLIC_ENCODINGS)[number];

/** Of 10,000 letters of Russian text (the usual table, made from the national corpus). */
const FREQUENCIES: Record<string, number> = {
  ...{ о: 1097, е: 845, а: 801, и: 735, н: 670, т: 626, с: 547, р: 473, в: 454, л: 440, к: 349 },
  ...{ м: 321, д: 298, п: 281, у: 262, я: 201, ы: 190, ь: 174, г: 170, з: 165, б: 159, ч: 144 },
  ...{ й: 121, х: 97, ж: 94, ш: 73, ю: 64, ц: 48, щ: 36, э: 32, ф: 26, ъ: 4, ё: 10 },
};
const VOWELS = 'аеёиоуыэюя';
/** What typists put beside the letters. */
const USUAL_SIGNS = '\u00a0«»—–№…°•’“”„';

/** Costs in nats, as the logarithms of the frequencies are. */
const ODD_SIGN = 6;
const USUAL_SIGN = 3;
/** «иВАНОВ», as KOI8-R turns «Иванов» when it is read for windows-1251, or the other way about. */
const CAPITAL_AFTER_SMALL = 4;
/** Russian goes from consonant to vowel and back: of neighbours, one pair in ten are vowels, three consonants. */
const TWO_VOWELS = 1.2;
const TWO_CONSONANTS = 0.4;
/** No word begins with ъ, ы or ь, and none of them follows a vowel. */
const SIGN_OUT_OF_PLACE = 3;

/** To take another encoding than windows-1251 its text must be better by this, in all and for each letter… */
const MARGIN = 6;
const MARGIN_OF_LETTER = 0.35;
/** Fewer letters than this say nothing. */
const FEWEST_LETTERS = 5;
/** …and not be much worse than Russian is (3.0 nats a letter): of letters by chance (4.1) nothing follows. */
const WORST_OF_LETTER = 3.9;

interface Kind {
  cost: number;
  /** 0 is no letter. */
  letter: 0 | 1 | 2;
  vowel: boolean;
  /** ъ, ы and ь */
  mute: boolean;
}

const SMALL = 1;
const CAPITAL = 2;

function kindOf(character: string): Kind {
  const small = character.toLowerCase();
  const frequency = FREQUENCIES[small];
  const none = { letter: 0 as const, vowel: false, mute: false };
  if (character <= '\x7f') return { ...none, cost: 0 };
  if (!frequency) return { ...none, cost: USUAL_SIGNS.includes(character) ? USUAL_SIGN : ODD_SIGN };
  return {
    cost: -Math.log(frequency / 10_000),
    letter: character === small ? SMALL : CAPITAL,
    vowel: VOWELS.includes(small),
    mute: 'ъыь'.includes(small),
  };
}

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const TABLES = CYRILLIC_ENCODINGS.map((encoding) =>
  [...new TextDecoder(encoding).decode(everyByte)].map(kindOf),
);

/**
 * Which of the one-byte Cyrillic encodings a text is in, by how often its letters stand in Russian, by their case
 * and by a few rules of spelling. windows-1251 unless another is clearly better: taking a windows-1251 file for
 * another spoils the names of a sound list, the other error is that of a rare one and is seen in the preview.
 */
export function cyrillicEncoding(bytes: Uint8Array): CyrillicEncoding {
  const [usual, ...others] = TABLES.map((table) => costOf(bytes, table));
  let best: { encoding: CyrillicEncoding; cost: number } | null = null;
  for (const [at, { cost, letters }] of others.entries()) {
    const gain = usual!.cost - cost;
    if (letters < FEWEST_LETTERS) continue;
    if (gain < Math.max(MARGIN, letters * MARGIN_OF_LETTER) || cost > letters * WORST_OF_LETTER) continue;
    if (!best || cost < best.cost) best = { encoding: CYRILLIC_ENCODINGS[at + 1]!, cost };
  }
  return best?.encoding ?? 'windows-1251';
}

/** How unlike Russian the bytes are when they are read by a table. */
function costOf(bytes: Uint8Array, table: readonly Kind[]): { cost: number; letters: number } {
  let cost = 0;
  let letters = 0;
  let before = table[32]!;
  for (const byte of bytes) {
    const kind = table[byte]!;
    cost += kind.cost;
    if (kind.letter !== 0) {
      letters += 1;
      if (kind.letter === CAPITAL && before.letter === SMALL) cost += CAPITAL_AFTER_SMALL;
      if (before.letter !== 0 && kind.vowel === before.vowel)
        cost += kind.vowel ? TWO_VOWELS : TWO_CONSONANTS;
      if (kind.mute && (before.letter === 0 || before.vowel)) cost += SIGN_OUT_OF_PLACE;
    }
    before = kind;
  }
  return { cost, letters };
}

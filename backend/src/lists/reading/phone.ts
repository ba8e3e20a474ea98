import { parsePhoneNumberFromString, type NumberType } from 'libphonenumber-js/max';
import { MAX_PHONE_LENGTH, type Refusal, type Repair } from '../../../../contract/list.ts';
import { digitsOfCell } from './phone-cell.ts';

/** `landline` is a subscriber's number that takes no SMS; WhatsApp can live on one, so the caller decides. */
export type PhoneKind = 'mobile' | 'landline';
export type Phone =
  | { ok: true; e164: string; kind: PhoneKind; /** What was undone to read it. */ repairs: readonly Repair[] }
  | { ok: false; reason: Refusal };

/**
 * Russian mobile codes that no operator holds (registry of the Ministry, research D), though libphonenumber takes
 * every 9xx. Too many here: customers on a new code are refused until it is taken out. Too few: one failed message
 * for each mistyped number.
 */
const UNASSIGNED_CODES = [
  907, 935, 940, 943, 944, 945, 946, 947, 948, 956, 957, 970, 972, 973, 974, 975, 976, 998,
];
const isAssigned = new Uint8Array(1000).fill(1, 900);
for (const code of UNASSIGNED_CODES) isAssigned[code] = 0;

/** Formally a number of Skartel; in a list it always stands for "no number". */
const PLACEHOLDER = 9_999_999_999;

const KIND: Partial<Record<NonNullable<NumberType>, PhoneKind>> = {
  MOBILE: 'mobile',
  FIXED_LINE_OR_MOBILE: 'mobile',
  FIXED_LINE: 'landline',
  VOIP: 'landline',
  PERSONAL_NUMBER: 'landline',
};

/** Reads a cell as one phone number, in any Russian spelling or in international form. Never guesses. */
export function normalisePhone(cell: string): Phone {
  const plain = cell.length > MAX_PHONE_LENGTH ? 0 : plainRussianMobile(cell);
  if (plain !== 0) {
    const before = Math.floor(plain / 1e10);
    const e164 = `+7${plain - before * 1e10}`;
    return { ok: true, e164, kind: 'mobile', repairs: PLAIN_REPAIRS[before]! };
  }
  const found = digitsOfCell(cell);
  if (typeof found === 'string') return refuse(found);
  const number = international(found.digits, found.plus);
  if (typeof number === 'string') return refuse(number);
  if (number.repair) found.repairs.push(number.repair);
  return judge(number, found.repairs);
}

/** What stood before the ten digits of a plain number: `+7`, `7`, `8`, nothing. */
const PLAIN_REPAIRS: readonly (readonly Repair[])[] = [[], ['plus'], ['trunk_eight'], ['country_code']];

/**
 * The fast path, for nineteen cells of twenty: `+7`, `7`, `8` or nothing, then 9 and nine digits, among spaces,
 * dashes and brackets.
 * @returns the ten digits as a number, above them (times 10^10) the index into PLAIN_REPAIRS; 0 when the cell needs a
 * closer look
 */
function plainRussianMobile(cell: string): number {
  let count = 0;
  let value = 0;
  let plus = false;
  for (let at = 0; at < cell.length; at++) {
    const code = cell.charCodeAt(at);
    if (code >= 48 && code <= 57) {
      value = value * 10 + (code - 48);
      count += 1;
      if (count > 11) return 0;
    } else if (code === 43) {
      if (plus || count > 0) return 0;
      plus = true;
    } else if (code !== 32 && code !== 45 && code !== 40 && code !== 41 && code !== 160) {
      return 0;
    }
  }
  let before = 3;
  if (count === 11) {
    const trunk = Math.floor(value / 1e10);
    if (trunk !== 7 && (trunk !== 8 || plus)) return 0;
    value -= trunk * 1e10;
    before = plus ? 0 : trunk === 7 ? 1 : 2;
  } else if (count !== 10 || plus) return 0;
  return isRussianMobile(value) ? value + before * 1e10 : 0;
}

/** Surely one; of 930 0xx some thousands are not given out, which libphonenumber knows one by one. */
function isRussianMobile(national: number): boolean {
  return isGivenOut(national) && Math.floor(national / 1e6) !== 9300;
}

function isGivenOut(national: number): boolean {
  return isAssigned[Math.floor(national / 1e7)] === 1 && national !== PLACEHOLDER;
}

/** Digits with their country code. */
interface International {
  digits: string;
  /** Not so when the country had to be read out of a number without a plus. */
  certain: boolean;
  repair?: Repair;
}

function international(digits: string, plus: boolean): International | Refusal {
  const certain = true;
  if (plus) {
    // No country has +89: the eight is the Russian trunk prefix written after a plus, or after +7.
    const trunk = /^7?8(9\d{9})$/.exec(digits);
    if (trunk) return { digits: `7${trunk[1]}`, certain, repair: 'trunk_eight' };
    if (/^9\d{9}$/.test(digits) || digits.startsWith('0')) return 'ambiguous';
    if (digits.length > 15 || (digits.startsWith('7') && digits.length !== 11)) return 'length';
    return { digits, certain };
  }
  const dialled = /^(?:810|00)(\d{9,})$/.exec(digits);
  if (dialled) {
    const number = international(dialled[1]!, true);
    return typeof number === 'string' ? number : { ...number, repair: 'dialling_prefix' };
  }
  if (digits.length < 10 || digits.length > 15) return 'length';
  if (digits.length === 10) {
    if (!digits.startsWith('9')) return 'ten_digits_not_9';
    return { digits: `7${digits}`, certain, repair: 'country_code' };
  }
  // 8 0xx is how Belarus dials inside the country; Russia has no such code.
  if (digits.startsWith('0') || /^80\d{9}$/.test(digits)) return 'ambiguous';
  const russian = /^([78])(\d{10})$/.exec(digits);
  if (russian) {
    return { digits: `7${russian[2]}`, certain, repair: russian[1] === '8' ? 'trunk_eight' : 'plus' };
  }
  return { digits, certain: false, repair: 'plus' };
}

/** Asks libphonenumber: whether the number can exist, and of which kind it is. */
function judge({ digits, certain }: International, repairs: readonly Repair[]): Phone {
  if (/^79\d{9}$/.test(digits)) {
    const national = Number(digits.slice(1));
    if (!isGivenOut(national)) return refuse('invalid');
    if (isRussianMobile(national)) return { ok: true, e164: `+${digits}`, kind: 'mobile', repairs };
  }
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  if (!parsed?.isValid()) return refuse(certain && (!parsed || parsed.isPossible()) ? 'invalid' : 'length');
  const type = parsed.getType();
  const kind = type && KIND[type];
  if (!kind) return refuse('not_mobile');
  if (!certain && kind !== 'mobile') return refuse('ambiguous');
  return { ok: true, e164: parsed.number, kind, repairs };
}

function refuse(reason: Refusal): Phone {
  return { ok: false, reason };
}

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { Repair } from '../../../../contract/list.ts';
import { normalisePhone } from './phone.ts';

/** `+79…` for a mobile number, `landline +7…`, or the reason of the refusal. */
function read(cell: string): string {
  const phone = normalisePhone(cell);
  if (!phone.ok) return phone.reason;
  return phone.kind === 'landline' ? `landline ${phone.e164}` : phone.e164;
}

/** The cases of the research (channels.md, D) with what was expected there; where that was "?", what we decided. */
const RESEARCH: [number: number, cell: string, expected: string][] = [
  [1, '8 (912) 345-67-89', '+79123456789'],
  [2, '+7(912)3456789', '+79123456789'],
  [3, '79123456789', '+79123456789'],
  [4, '9123456789', '+79123456789'],
  [5, '8-912-345-67-89', '+79123456789'],
  [6, '8912 345 67 89', '+79123456789'],
  [7, '+7 912 345-67-89', '+79123456789'],
  [8, '+7-912-345-67-89', '+79123456789'],
  [9, '+7.912.345.67.89', '+79123456789'],
  [10, '8.912.345.67.89', '+79123456789'],
  [11, '7 912 345 67 89', '+79123456789'],
  [12, '+7 (912) 345 67 89', '+79123456789'],
  [13, '+ 7 912 345 67 89', '+79123456789'],
  [14, '(912) 345-67-89', '+79123456789'],
  [15, '912-345-67-89', '+79123456789'],
  [16, '912 3456789', '+79123456789'],
  [17, '+79123456789 ', '+79123456789'],
  [18, '\u00a0+7\u00a0912\u00a0345\u00a067\u00a089', '+79123456789'],
  [19, '+7\u202f912\u202f345\u202f67\u202f89', '+79123456789'],
  [20, '+7\u2009912\u2009345\u200967\u200989', '+79123456789'],
  [21, '8\u2011912\u2011345\u201167\u201189', '+79123456789'],
  [22, '8\u2013912\u2013345\u201367\u201389', '+79123456789'],
  [23, '8\u2014912\u2014345\u201467\u201489', '+79123456789'],
  [24, '8\u2212912\u2212345\u221267\u221289', '+79123456789'],
  [25, '\u202a+79123456789\u202c', '+79123456789'],
  [26, '\u200b+79123456789', '+79123456789'],
  [27, '\ufeff79123456789', '+79123456789'],
  [28, "'79123456789", '+79123456789'],
  [29, "'+79123456789", '+79123456789'],
  [30, '="79123456789"', '+79123456789'],
  [31, '"79123456789"', '+79123456789'],
  [32, '79123456789.0', '+79123456789'],
  [33, '79123456789,00', '+79123456789'],
  [34, '7.9123456789E+10', '+79123456789'],
  [35, '7,9123456789E+10', '+79123456789'],
  [36, '7,91235E+10', 'excel_precision_lost'],
  [37, '7.91E+10', 'excel_precision_lost'],
  [38, '9,12346E+09', 'excel_precision_lost'],
  [39, '79 123 456 789', '+79123456789'],
  [40, '79,123,456,789', '+79123456789'],
  [41, 'тел. 8 912 345 67 89', '+79123456789'],
  [42, 'моб.: +7 912 345-67-89', '+79123456789'],
  [43, '+7 912 345-67-89 (Иван)', '+79123456789'],
  [44, '+7 912 345-67-89 WhatsApp', '+79123456789'],
  [45, 'tel:+79123456789', '+79123456789'],
  [46, 'https://wa.me/79123456789', '+79123456789'],
  [47, '8 495 123-45-67 доб. 123', 'landline +74951234567'], // the extension is dropped
  [48, '+7 912 345-67-89 доб. 123', '+79123456789'],
  [49, '+7 912 345-67-89, 8 903 111-22-33', 'two_numbers'],
  [50, '89123456789;89031112233', 'two_numbers'],
  [51, '89123456789/89031112233', 'two_numbers'],
  [52, '89123456789 89031112233', 'two_numbers'],
  [53, '+7 912 345-67-89/90', 'two_numbers'],
  [54, '8 (495) 123-45-67', 'landline +74951234567'],
  [55, '8 (812) 312-34-56', 'landline +78123123456'],
  [56, '84951234567', 'landline +74951234567'],
  [57, '123-45-67', 'length'],
  [58, '8 800 555-35-35', 'not_mobile'],
  [59, '+7 777 123 45 67', '+77771234567'],
  [60, '8 701 123 45 67', '+77011234567'],
  [61, '87011234567', '+77011234567'],
  [62, '+7 727 250 00 00', 'landline +77272500000'],
  [63, '+375 29 123-45-67', '+375291234567'],
  [64, '375291234567', '+375291234567'],
  [65, '80291234567', 'ambiguous'], // ?: how Belarus dials at home; Russia has no such code, so it is not clear
  [66, '8 029 123-45-67', 'ambiguous'], // ?: the same
  [67, '+380 50 123 45 67', '+380501234567'],
  [68, '+998 90 123 45 67', '+998901234567'],
  [69, '998901234567', '+998901234567'],
  [70, '+996 555 123456', '+996555123456'],
  [71, '+374 91 123456', '+37491123456'],
  [72, '+1 650 555 1234', '+16505551234'], // FIXED_LINE_OR_MOBILE counts as mobile abroad
  [73, '+49 151 23456789', '+4915123456789'],
  [74, '007 912 345 67 89', '+79123456789'],
  [75, '00375291234567', '+375291234567'],
  [76, '810375291234567', '+375291234567'],
  [77, '8 10 375 29 123 45 67', '+375291234567'],
  [78, '8~10~49 151 23456789', '+4915123456789'],
  [79, '+8 912 345 67 89', '+79123456789'],
  [80, '+89123456789', '+79123456789'],
  [81, '+9123456789', 'ambiguous'], // ?: India, or a forgotten 7
  [82, '+7 8 912 345 67 89', '+79123456789'],
  [83, '+7(8)9123456789', '+79123456789'],
  [84, '8+79123456789', 'ambiguous'], // a plus in the middle is not repaired
  [85, '779123456789', 'length'],
  [86, '+7 912 345 67 8', 'length'],
  [87, '8912345678', 'ten_digits_not_9'],
  [88, '891234567899', 'length'],
  [89, '+7912345678901', 'length'],
  [90, '+7 912 345-67-8O', 'letters'],
  [91, '8 9I2 345 67 89', 'letters'],
  [92, '8(912)ЗЧ5-67-89', 'letters'],
  [93, '+\uff17\uff19\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19', '+79123456789'],
  [94, '\uff18\uff19\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19', '+79123456789'],
  [95, '+7 (978) 123-45-67', '+79781234567'],
  [96, '+7 365 212-34-56', 'landline +73652123456'],
  [97, '+7 869 212-34-56', 'landline +78692123456'],
  [98, '+7 949 123-45-67', '+79491234567'],
  [99, '+7 959 123-45-67', '+79591234567'],
  [100, '+7 990 123-45-67', '+79901234567'],
  [101, '+7 856 212-34-56', 'landline +78562123456'],
  [102, '+7 857 212-34-56', 'landline +78572123456'],
  [103, '+7 970 123-45-67', 'invalid'], // ?: no operator holds 970
  [104, '+7 954 123-45-67', '+79541234567'],
  [105, '+7 000 000-00-00', 'invalid'],
  [106, '+7 999 999-99-99', 'invalid'], // ?: formally assigned, in a list it stands for "no number"
  [107, '8 912 000-00-00', '+79120000000'],
  [108, '0', 'no_number'],
  [109, '-', 'no_number'],
  [110, 'нет', 'no_number'],
  [111, '', 'empty'],
  [112, '+7', 'no_number'],
  [113, '12.03.1990', 'length'],
  [114, 'ivan@example.com', 'no_number'],
  [115, '4276 3800 1234 5678', 'length'],
  [116, '7707083893', 'ten_digits_not_9'],
  [117, '500100732259', 'length'],
  [118, '5555 123456', 'ten_digits_not_9'],
];

test.each(RESEARCH)('case %i: %j is %s', (_, cell, expected) => {
  expect(read(cell)).toBe(expected);
});

describe('what else is met in lists', () => {
  test.each([
    ['  ', 'empty'],
    ['""', 'empty'],
    ['#Н/Д', 'no_number'],
    ['00000000000', 'no_number'],
    ['8 912 345-67-89\n', '+79123456789'],
    ['8 912 345-67-89\n8 903 111-22-33', 'two_numbers'],
    ['8 912 345-67-89 / 8 903 111-22-33', 'two_numbers'],
    ['8 912 345-67-89 или 8 903 111-22-33', 'two_numbers'],
    ['+79123456789+79031112233', 'two_numbers'],
    ['Иван +7 912 345-67-89', '+79123456789'],
    ['+7 912 345-67-89 Иван 2', 'ambiguous'],
    ['+7 912 345-67-89, кв. 5', 'ambiguous'],
    ['8 912 345 67 8?', 'ambiguous'],
    ['8 912 *** 67 89', 'ambiguous'],
    ['8 912 345 67 89 #12', '+79123456789'],
    ['http://wa.me/79123456789?text=hi', '+79123456789'],
    ['https://api.whatsapp.com/send?phone=79123456789&text=hi', '+79123456789'],
    ['7.91234567891E+10', 'ambiguous'],
    ['79123456789.5', 'ambiguous'],
    ['7,9123456789', 'ambiguous'],
    ['+7 (907) 123-45-67', 'invalid'],
    ['+7 912 345-67-89'.replaceAll(' ', '\u2003'), '+79123456789'],
    ['\u202d8 (912) 345-67-89\u202c', '+79123456789'],
    ['+7\u00ad912\u00ad3456789', '+79123456789'],
    ['+7 8 800 555-35-35', 'length'],
    ['112', 'length'],
    ['+999 123 456 789', 'invalid'],
    ['8 930 000-00-00', 'invalid'],
    ['8 930 010-00-00', '+79300100000'],
    ['8 912 345-67-8²', 'ambiguous'],
    ['8912345678①', 'ambiguous'],
    ['x'.repeat(201), 'too_long'],
    [' '.repeat(201), 'empty'],
    [`8 912 345-67-89${' '.repeat(185)}`, '+79123456789'],
    [`8 912 345-67-89${' '.repeat(186)}`, 'too_long'],
  ])('%j is %s', (cell, expected) => {
    expect(read(cell)).toBe(expected);
  });
});

describe('what was undone to read a number is said', () => {
  test.each<[string, Repair[]]>([
    ['+7 (912) 345-67-89', []],
    ['+49 151 23456789', []],
    ['89123456789', ['trunk_eight']],
    ['+8 912 345-67-89', ['trunk_eight']],
    ['+7 8 912 345-67-89', ['trunk_eight']],
    ['8 495 123-45-67', ['trunk_eight']],
    ['79123456789', ['plus']],
    ['375291234567', ['plus']],
    ['9123456789', ['country_code']],
    ['007 912 345 67 89', ['dialling_prefix']],
    ['8~10~49 151 23456789', ['dialling_prefix']],
    ['7,9123456789E+10', ['exponent', 'plus']],
    ['9,123456789E+09', ['exponent', 'country_code']],
    ['+7,9123456789E+10', ['exponent']],
    ['79123456789,00', ['decimal_tail', 'plus']],
    ['79,123,456,789', ['thousands', 'plus']],
    ["'+79123456789", ['wrapper']],
    ['="89123456789"', ['wrapper', 'trunk_eight']],
    ['\u200b+79123456789', ['invisible']],
    ['\u202a="79123456789.0"\u202c', ['invisible', 'wrapper', 'decimal_tail', 'plus']],
    ['тел. +7 912 345-67-89', ['label']],
    ['https://wa.me/79123456789', ['label']],
    ['+7 912 345-67-89 (Иван)', ['label']],
    ['+7 912 345-67-89 доб. 123', ['extension']],
    ['моб. 8 912 345-67-89 доб. 123', ['label', 'extension', 'trunk_eight']],
    ['\u00a0+7\u2009912\u202f3456789', []],
  ])('%j: %j', (cell, repairs) => {
    expect(normalisePhone(cell)).toMatchObject({ ok: true, repairs });
  });
});

/** Codes every block of which is in use. */
const national = fc
  .tuple(fc.constantFrom(903, 912, 916, 921, 950, 978, 985, 999), fc.nat(9_999_998))
  .map(([code, rest]) => `${code}${String(rest).padStart(7, '0')}`);

const spaces = ['', ' ', '\u00a0', '\u202f', '\u2009', '\t'];
const between = fc.constantFrom(...spaces, '-', '\u2011', '\u2013', '\u2014', '\u2212', '.', ' - ');
const around = fc.constantFrom('', ' ', '\u00a0', '\ufeff', '\u200b', "'");

const spelling = fc.record({
  prefix: fc.constantFrom('+7', '7', '8', '', '+8', '+7 8', '+ 7', '007', '8107', '8~10~7', '00 7'),
  after: fc.constantFrom(...spaces, '-'),
  brackets: fc.boolean(),
  separators: fc.tuple(between, between, between),
  before: around,
  label: fc.constantFrom('', 'тел. ', 'Тел: ', 'моб.', 'whatsapp: '),
  comment: fc.constantFrom('', ' (Иван)', ' WhatsApp', ' доб. 12', ' мама'),
  end: fc.constantFrom('', ' ', '\u00a0', '\u200b', '\n'),
});

test('property: every spelling of a Russian mobile number gives the same E.164', () => {
  fc.assert(
    fc.property(national, spelling, (number, how) => {
      const [a, b, c] = how.separators;
      const code = how.brackets ? `(${number.slice(0, 3)})` : number.slice(0, 3);
      const rest = `${a}${number.slice(3, 6)}${b}${number.slice(6, 8)}${c}${number.slice(8)}`;
      const cell = `${how.before}${how.label}${how.prefix}${how.after}${code}${rest}${how.comment}${how.end}`;
      expect([cell, read(cell)]).toEqual([cell, `+7${number}`]);
    }),
    { numRuns: 2000 },
  );
});

test('property: a number read once is read again as itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'+7890123456 -()'), maxLength: 18 }), (cell) => {
      const phone = normalisePhone(cell);
      if (phone.ok) expect(normalisePhone(phone.e164)).toEqual({ ...phone, repairs: [] });
    }),
    { numRuns: 2000 },
  );
});

test('property: the fast path says what libphonenumber says, but for codes no operator holds', () => {
  const digits = (count: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: count, maxLength: count });
  const partlyGivenOut = digits(6).map((rest) => `300${rest}`);
  fc.assert(
    fc.property(fc.oneof(digits(9), partlyGivenOut), fc.constantFrom('+7', '7', '8', ''), (rest, prefix) => {
      const parsed = parsePhoneNumberFromString(`${prefix}9${rest}`, 'RU')!;
      const phone = normalisePhone(`${prefix}9${rest}`);
      if (phone.ok) {
        expect([parsed.isValid(), parsed.getType(), parsed.number]).toEqual([true, 'MOBILE', phone.e164]);
      } else {
        expect(phone.reason).toBe('invalid');
        if (parsed.isValid()) expect(rest).toMatch(/^(07|35|40|4[3-8]|5[67]|70|7[2-6]|98|9{9})/);
      }
    }),
    { numRuns: 2000 },
  );
});

test('property: no cell whatever throws, and what is read has the form of E.164', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(10_000_000_000), (junk, number) => {
      for (const cell of [junk, `${junk}8${number}`, `8${number}${junk}`]) {
        const phone = normalisePhone(cell);
        if (phone.ok) expect(phone.e164).toMatch(/^\+[1-9]\d{6,14}$/);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a cell of a megabyte is refused before any pattern sees it', () => {
  for (const filling of ['1', 'а', '8 912 ', '=', "'", '(', 'доб', 'х1 ', ',', '\n']) {
    const cell = `8${filling.repeat(1_000_000 / filling.length)}я1`;
    expect(normalisePhone(cell)).toEqual({ ok: false, reason: 'too_long' });
  }
});

test('a plus or a digit more or less than libphonenumber takes is never made up: both agree on clean numbers', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 7, maxLength: 14 });
  const foreign = fc.constantFrom('375', '380', '998', '996', '374', '995', '49', '44', '1', '7', '86', '90');
  fc.assert(
    fc.property(foreign, digits, (country, rest) => {
      const cell = `+${country}${rest}`;
      const parsed = parsePhoneNumberFromString(cell);
      const phone = normalisePhone(cell);
      const isKnownOtherwise = /^\+79/.test(cell) || /^\+7?8/.test(cell);
      if (phone.ok) expect([parsed?.isValid(), parsed?.number]).toEqual([true, phone.e164]);
      else if (parsed?.isValid() && parsed.number === cell && !isKnownOtherwise) {
        expect([cell, phone.reason, parsed.getType()]).not.toEqual([cell, expect.anything(), 'MOBILE']);
      }
    }),
    { numRuns: 3000 },
  );
});

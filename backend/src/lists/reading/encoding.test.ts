import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ENCODINGS as ENCODINGS_KNOWN, type Encoding } from '../../../../contract/list.ts';
import { encode } from '../../../test/encode.ts';
import { russianList, shortestList } from '../../../test/russian.ts';
import { detectEncoding, readText } from './encoding.ts';
import { ListProblem, type ListProblemCode } from './list-problem.ts';

const SHORT = 'Телефон\r\n89123456789\r\n';
const LONG = `Имя;Телефон\r\n${'Мария Ёлкина;+7 (912) 345-67-89\r\n'.repeat(20_000)}`;

function problemOf(bytes: Uint8Array): [ListProblemCode, unknown] | null {
  try {
    readText(bytes);
    return null;
  } catch (error) {
    if (!(error instanceof ListProblem)) throw error;
    return [error.code, error.params];
  }
}

const ENCODINGS: [Encoding, bom: boolean][] = [
  ['utf-8', false],
  ['utf-8', true],
  ['windows-1251', false],
  ['utf-16le', false],
  ['utf-16le', true],
  ['utf-16be', false],
  ['utf-16be', true],
];

describe.each(ENCODINGS)('%s (byte order mark: %s)', (encoding, bom) => {
  test.each([
    ['a short file', SHORT],
    ['a long file', LONG],
    ['one number', '89123456789'],
    ['Latin text and digits', 'Phone;Name\n89123456789;Anna\n'],
    ['Cyrillic with «», – and №', 'Телефон;Кому\n89123456789;ООО «Ромашка» – № 1\n'],
  ])('%s is read', (_, text) => {
    const isAscii = !/[^\p{ASCII}]/u.test(text);
    const read = readText(encode(text, encoding, bom));
    expect(read.text.toString()).toBe(text);
    expect(read.encoding).toBe(encoding === 'windows-1251' && isAscii ? 'utf-8' : encoding);
  });
});

describe.each(['koi8-r', 'ibm866'] as const)('%s', (encoding) => {
  test.each([
    ['a short file', SHORT],
    ['a long file', LONG],
    ['small letters', 'телефон;имя\n89123456789;мария ёлкина\n'],
    ['capitals', 'ТЕЛЕФОН;ИМЯ\n89123456789;МАРИЯ ЁЛКИНА\n'],
    ['names far from the beginning', `${'89123456789;\n'.repeat(20_000)}89123456789;Мария Ёлкина\n`],
  ])('%s is read', (_, text) => {
    const read = readText(encode(text, encoding));
    expect(read.encoding).toBe(encoding);
    expect(read.text.toString()).toBe(text);
  });

  test('two or three letters do not tell, and are taken for windows-1251', () => {
    for (const name of ['Ян', 'Цой', 'Лев']) {
      expect(readText(encode(`89123456789;${name}`, encoding)).encoding).toBe('windows-1251');
    }
  });

  test('most Russian lists are recognised', () => {
    const lists = fc.sample(russianList, { numRuns: 500, seed: 1 });
    const known = lists.filter((text) => readText(encode(text, encoding)).encoding === encoding);
    expect(known.length).toBeGreaterThan(480);
  });
});

test.each([
  ['in capitals', 'ТЕЛЕФОН;ФАМИЛИЯ\r\n89033163239;ФЁДОР\r\n89931901091;ЧЕХОЛ\r\n'],
  ['with hard signs', 'ТЕЛЕФОН;АДРЕС\r\n89872023076;ОБЪЕДКОВ;С. ОБЪЯЧЕВО\r\n'],
  ['of names from elsewhere', '89123456789;Кызы Айбийке\r\n89123456780;Нгуен Тхи Хыонг\r\n'],
  ['in Ukrainian', 'Телефон;Ім’я\r\n89123456789;Їжакевич Євген\r\n'],
  ['in Bulgarian', 'Телефон;Име\r\n89123456789;Ъглов Щъркел\r\n'],
  ['of dashes and quotes alone', '89123456789;«—» №\r\n'],
  ['of chance letters', 'дЩ;ъЫьЬ\r\n89123456789;жЖшЩъ\r\n'],
])('a windows-1251 list %s is taken for what it is', (_, text) => {
  expect(readText(encode(text, 'windows-1251')).encoding).toBe('windows-1251');
});

test('property: every Russian list in windows-1251, however short, is taken for what it is', () => {
  fc.assert(
    fc.property(fc.oneof(russianList, shortestList), (text) => {
      const read = readText(encode(text, 'windows-1251'));
      expect(read.encoding).toBe('windows-1251');
      expect(read.text.toString()).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test('property: the same list in UTF-16 without a byte order mark too', () => {
  fc.assert(
    fc.property(russianList, fc.constantFrom('utf-16le' as const, 'utf-16be' as const), (text, encoding) => {
      expect(detectEncoding(encode(text, encoding))).toEqual({ encoding, bomBytes: 0 });
    }),
    { numRuns: 300 },
  );
});

describe('an encoding chosen by hand', () => {
  const text = 'Телефон;Имя\n89123456789;Ян\n';

  test.each([...ENCODINGS_KNOWN])('%s is used, its byte order mark left out', (encoding) => {
    const bytes = encode(text, encoding, encoding.startsWith('utf'));
    expect(readText(bytes, encoding)).toEqual({ encoding, text: Buffer.from(text) });
  });

  test('is used even when the text becomes nonsense, which the preview shows', () => {
    expect(readText(Buffer.from('Мира'), 'windows-1251').text.toString()).toBe('РњРёСЂР°');
  });

  test('does not make text of what is none', () => {
    expect(() => readText(start('%PDF-1.7\n'), 'windows-1251')).toThrow(ListProblem);
    expect(() => readText(noise, 'koi8-r')).toThrow(ListProblem);
  });
});

test('a character on the border of a decoded block is not broken', () => {
  const text = `a${'я'.repeat(3_000_000)}`;
  expect(readText(encode(text, 'utf-16be', true)).text.toString()).toBe(text);
});

test('one damaged letter in a UTF-8 file is named by its row', () => {
  const text = Buffer.from('Имя;Телефон\n'.repeat(3) + 'Мария;1\n'.repeat(30));
  const damaged = Buffer.concat([text.subarray(0, 63 + 9), text.subarray(64 + 9)]);
  expect(problemOf(damaged)).toEqual(['file_unreadable', { row: expect.any(Number) }]);
});

test('NULs that broken exports pad with are dropped', () => {
  expect(readText(Buffer.from('Phone\n8912\0\x003456789\n\0\0\0')).text.toString()).toBe(
    'Phone\n89123456789\n',
  );
});

const noise = Buffer.from(
  Array.from({ length: 5000 }, (_, at) => (Math.imul(at + 1, 2654435761) >>> 13) & 255),
);
const start = (text: string) => Buffer.concat([Buffer.from(text, 'latin1'), noise]);

test.each([
  ['xlsx', start('PK\x03\x04........xl/workbook.xml')],
  ['ods', start('PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet')],
  ['docx', start('PK\x03\x04....word/document.xml')],
  ['zip', start('PK\x03\x04')],
  ['zip', Buffer.from('PK\x05\x06' + '\0'.repeat(18), 'latin1')],
  ['xls', start('\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1')],
  ['pdf', start('%PDF-1.7\n')],
  ['image', start('\x89PNG\r\n\x1a\n')],
  ['image', start('\xFF\xD8\xFF\xE0')],
  ['gzip', start('\x1F\x8B\x08')],
  ['rar', start('Rar!\x1A\x07')],
  ['rtf', Buffer.from('{\\rtf1\\ansi 89123456789}')],
  ['html', Buffer.from('\n<table><tr><td>89123456789</td></tr></table>')],
  ['xml', Buffer.from('\uFEFF<?xml version="1.0"?><Workbook/>')],
  ['binary', noise],
  ['binary', Buffer.alloc(1000)],
])('%s is refused by name', (kind, bytes) => {
  expect(problemOf(bytes)).toEqual(['file_not_csv', { kind }]);
});

test('nothing is an empty file', () => {
  expect(problemOf(new Uint8Array())).toEqual(['file_empty', {}]);
});

test('bytes that are a window on a larger buffer are read as that window', () => {
  const whole = Buffer.from('xxxТелефон\n89123456789\nyyy');
  const window = new Uint8Array(whole.buffer, whole.byteOffset + 3, whole.length - 6);
  expect(readText(window).text.toString()).toBe('Телефон\n89123456789\n');
});

test.each(['ЦЁ;89123456789', 'яюшка;89123456789\r\n'])(
  '%j in windows-1251 is not taken for Unicode',
  (text) => {
    expect(readText(encode(text, 'windows-1251'))).toEqual({
      encoding: 'windows-1251',
      text: Buffer.from(text),
    });
  },
);

test('damaged UTF-8 is named with its row instead of read as nonsense', () => {
  const [start, end] = ['Телефон;Имя\n89123456789;Пётр\n89123456780;Ива', ';\n'].map((text) =>
    Buffer.from(text),
  );
  const bytes = Buffer.concat([start!, Buffer.of(0xd0), end!]);
  expect(problemOf(bytes)).toEqual(['file_unreadable', { row: 3 }]);
});

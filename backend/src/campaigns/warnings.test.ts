import { describe, expect, test } from '@jest/globals';
import type { Lengths } from '../../../contract/lengths.ts';
import { emptyAccount } from '../../../contract/message-states.ts';
import { USUAL_HOURS } from '../../../contract/sending-hours.ts';
import { warningsOf } from './warnings.ts';

type Facts = Parameters<typeof warningsOf>[0];

const LENGTHS: Lengths = {
  method: 'sms',
  exact: true,
  rows: 100,
  segments: { 1: 100 },
  tooLong: 0,
  blank: 0,
  ucs2: 0,
  forcing: [],
  longest: [],
  empty: [],
  unfilled: 0,
  unsendable: { main: 0, additional: 0 },
};

const SETTINGS: Facts['settings'] = {
  method: 'sms',
  text: 'Здравствуйте, {{Имя}}!',
  removeDuplicates: true,
  sendingHours: null,
  ratePerMinute: 60,
};

/** A hundred rows at noon, with nothing to warn of. */
function calm(change: Partial<Facts> = {}): Facts {
  return {
    settings: SETTINGS,
    lists: [{ duplicates: 0, duplicates_of_other: 0 }],
    account: { ...emptyAccount(), rows: 100, queued: 100 },
    lengths: LENGTHS,
    limitPerMinute: null,
    sending: moscow('12:00', '12:02'),
    timeZone: 'Europe/Moscow',
    ...change,
  };
}

function moscow(from: string, to: string, days = 0): Facts['sending'] {
  const at = (day: number, clock: string) => Date.parse(`2026-11-${day}T${clock}:00+03:00`);
  return { from: at(20, from), to: at(20 + days, to) };
}

const refused = (count: number) => ({
  ...emptyAccount(),
  rows: 100,
  refused: count,
  queued: 100 - count,
});

test('nothing to warn of', () => expect(warningsOf(calm())).toEqual([]));

describe.each<[string, Partial<Facts>, [string, string, number][]]>([
  [
    'numbers that get the message twice',
    {
      settings: { ...SETTINGS, removeDuplicates: false },
      lists: [
        { duplicates: 2, duplicates_of_other: 0 },
        { duplicates: 1, duplicates_of_other: 4 },
      ],
    },
    [['removeDuplicates', 'duplicates_kept', 7]],
  ],
  ['duplicates that are removed', { lists: [{ duplicates: 2, duplicates_of_other: 0 }] }, []],
  ['four refused of a hundred', { account: refused(4) }, []],
  ['five refused of a hundred', { account: refused(5) }, [['mainList', 'many_refused', 5]]],
  ['no rows at all', { account: emptyAccount(), sending: null }, []],
  [
    'an SMS that some rows make too long, blank or partly empty',
    { lengths: { ...LENGTHS, tooLong: 3, blank: 1, unfilled: 8 } },
    [
      ['text', 'unsendable_rows', 4],
      ['text', 'empty_variables', 8],
    ],
  ],
  [
    'a template with an empty variable',
    { lengths: { ...LENGTHS, method: 'waba', unfilled: 8 } },
    [['bindings', 'unsendable_rows', 8]],
  ],
  [
    'variables that were mistyped',
    { settings: { ...SETTINGS, text: 'Вам {{Бонусы} бонусов, {Имя}. %Имя%' } },
    [['text', 'stray_braces', 3]],
  ],
  ['braces in the text of another method', { settings: { ...SETTINGS, method: 'waba', text: '{Имя}' } }, []],
  ['a channel as fast as the rate', { limitPerMinute: 60 }, []],
  ['a slower channel', { limitPerMinute: 59 }, [['ratePerMinute', 'channel_slower', 59]]],
  ['before nine', { sending: moscow('08:59', '09:00') }, [['sendingHours', 'by_night', 100]]],
  ['from nine to nine', { sending: moscow('09:00', '21:00') }, []],
  ['a minute after nine', { sending: moscow('20:00', '21:01') }, [['sendingHours', 'by_night', 100]]],
  ['until the next day', { sending: moscow('12:00', '12:00', 1) }, [['sendingHours', 'by_night', 100]]],
  [
    'by night, with hours of its own',
    {
      settings: { ...SETTINGS, sendingHours: USUAL_HOURS },
      sending: moscow('12:00', '12:00', 1),
    },
    [],
  ],
])('%s', (_, change, warned) => {
  test('is warned of as it should be', () => {
    expect(warningsOf(calm(change)).map(({ field, code, count }) => [field, code, count])).toEqual(warned);
  });
});

import { LONGEST_ROWS, type Lengths, type LongRow } from '../../../contract/lengths.ts';
import type { ListSlot } from '../../../contract/list.ts';
import { MAX_SEGMENTS, normaliseSmsText } from '../../../contract/sms-length.ts';
import { SmsMeter, type SmsMeasure } from '../../../contract/sms-segments.ts';
import type { MessagePlan } from './message-plan.ts';

/** A cell may hold a megabyte; nobody reads more of a message than this. */
const TEXT_SHOWN = 1000;
/** Distinct sets of characters counted: enough for every three letters of an alphabet, and a bound on memory. */
const FORCING_SETS = 10_000;
/** Sets of characters told. */
const FORCING_SHOWN = 5;

export type Unsendable = 'sms_too_long' | 'empty_variable';

type Part = { measured: SmsMeter; text: string } | { column: number; fallback: SmsMeter; text: string };

/** Counts what the rows make of a message, in the same way as `compose` makes it. A property test holds the two together. */
export class Tally {
  private readonly meter = new SmsMeter();
  private readonly parts: Part[];
  private readonly empty: number[];
  private readonly segments = new Array<number>(MAX_SEGMENTS + 1).fill(0);
  private readonly forcing = new Map<string, number>();
  private readonly longest: LongRow[] = [];
  private readonly unsendable = { main: 0, additional: 0 };
  private rows = 0;
  private tooLong = 0;
  private ucs2 = 0;
  private unfilled = 0;

  constructor(private readonly plan: MessagePlan) {
    this.empty = plan.variables.map(() => 0);
    this.parts = plan.pieces.map((piece) =>
      'text' in piece
        ? { measured: new SmsMeter().add(piece.text), text: piece.text }
        : {
            column: piece.column,
            fallback: new SmsMeter().add(piece.fallback),
            text: piece.fallback,
          },
    );
  }

  /**
   * @param values the row's cells in the order of the plan's columns
   * @param times how many rows have these very values
   * @returns why the row will not be sent, or null
   */
  add(list: ListSlot, row: number, values: readonly string[], times = 1): Unsendable | null {
    const cells = values.map((value) => value.trim());
    this.rows += times;
    const unfilled = this.countEmpty(cells, times);
    if (unfilled) this.unfilled += times;
    const isSms = this.plan.method === 'sms';
    const problem = isSms ? this.addSms(list, row, cells, times) : unfilled ? 'empty_variable' : null;
    if (problem) this.unsendable[list] += times;
    return problem;
  }

  private countEmpty(cells: readonly string[], times: number): boolean {
    let unfilled = false;
    for (let i = 0; i < this.plan.variables.length; i++) {
      const { column, fallback } = this.plan.variables[i]!;
      if (cells[column] !== '') continue;
      this.empty[i]! += times;
      unfilled ||= !fallback;
    }
    return unfilled;
  }

  private addSms(list: ListSlot, row: number, cells: readonly string[], times: number): Unsendable | null {
    const measure = this.measure(cells);
    if (measure.encoding === 'ucs2') {
      this.ucs2 += times;
      if (measure.forcing) this.countForcing(measure.forcing, times);
    }
    if (this.isLong(measure)) this.keepLong(list, row, measure, cells);
    if (measure.segments > MAX_SEGMENTS) {
      this.tooLong += times;
      return 'sms_too_long';
    }
    this.segments[measure.segments]! += times;
    return measure.segments === 0 ? 'empty_variable' : null;
  }

  private measure(cells: readonly string[]): SmsMeasure {
    this.meter.reset();
    for (const part of this.parts) {
      if ('measured' in part) this.meter.addMeasured(part.measured);
      else if (cells[part.column] === '') this.meter.addMeasured(part.fallback);
      else this.meter.add(cells[part.column]!);
    }
    return this.meter.measure(() => this.text(cells));
  }

  private text(cells: readonly string[]): string {
    let text = '';
    for (const part of this.parts)
      text += 'measured' in part ? part.text : cells[part.column] === '' ? part.text : cells[part.column];
    return text;
  }

  private countForcing(characters: readonly string[], times: number): void {
    const key = characters.length === 1 ? characters[0]! : [...characters].sort().join('');
    const counted = this.forcing.get(key);
    if (counted === undefined && this.forcing.size === FORCING_SETS) return;
    this.forcing.set(key, (counted ?? 0) + times);
  }

  private isLong({ segments, units }: SmsMeasure): boolean {
    const last = this.longest[LONGEST_ROWS - 1];
    if (!last) return segments > 0;
    return segments > last.segments || (segments === last.segments && units > last.units);
  }

  /** Of equally long rows the first ones stay. */
  private keepLong(list: ListSlot, row: number, measure: SmsMeasure, cells: readonly string[]): void {
    const { segments, units, encoding } = measure;
    const text = normaliseSmsText(this.text(cells)).slice(0, TEXT_SHOWN);
    const shorter = this.longest.findIndex(
      (each) => each.segments < segments || (each.segments === segments && each.units < units),
    );
    const at = shorter === -1 ? this.longest.length : shorter;
    this.longest.splice(at, 0, { list, row, segments, units, encoding, text });
    this.longest.length = Math.min(this.longest.length, LONGEST_ROWS);
  }

  /** What was counted, as exact figures. */
  result(): Lengths {
    const { variables, method } = this.plan;
    const counts = this.segments.map((rows, segments) => [segments, rows] as const).slice(1);
    return {
      method,
      exact: true,
      rows: this.rows,
      segments: Object.fromEntries(counts.filter(([, rows]) => rows > 0)),
      tooLong: this.tooLong,
      blank: this.segments[0]!,
      ucs2: this.ucs2,
      forcing: this.costliest(),
      longest: this.longest,
      empty: variables
        .map(({ name, fallback }, i) => ({ variable: name, fallback, rows: this.empty[i]! }))
        .filter(({ rows }) => rows > 0),
      unfilled: this.unfilled,
      unsendable: this.unsendable,
    };
  }

  private costliest(): Lengths['forcing'] {
    return [...this.forcing]
      .sort(([, a], [, b]) => b - a)
      .slice(0, FORCING_SHOWN)
      .map(([characters, rows]) => ({ characters: [...characters], rows }));
  }
}

/** A sample's counts, as so many rows would have them. */
export function scaledTo(rows: number, sample: Lengths): Lengths {
  const factor = sample.rows === 0 ? 0 : rows / sample.rows;
  const scale = (count: number) => Math.round(count * factor);
  const each = <T extends { rows: number }>(counted: T) => ({ ...counted, rows: scale(counted.rows) });
  return {
    ...sample,
    exact: false,
    rows,
    segments: Object.fromEntries(Object.entries(sample.segments).map(([n, count]) => [n, scale(count)])),
    tooLong: scale(sample.tooLong),
    blank: scale(sample.blank),
    ucs2: scale(sample.ucs2),
    forcing: sample.forcing.map(each),
    empty: sample.empty.map(each),
    unfilled: scale(sample.unfilled),
    unsendable: {
      main: scale(sample.unsendable.main),
      additional: scale(sample.unsendable.additional),
    },
  };
}

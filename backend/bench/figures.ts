/** What a benchmark found, each beside its goal. Only the last lines of its output; what led to them stands above. */
export class Figures {
  private readonly lines: string[] = [];
  private short = 0;
  private readonly bench: string;

  constructor(bench: string) {
    this.bench = bench;
  }

  atMost(name: string, value: number, goal: number, unit: string): void {
    this.add(name, value, unit, `<=${goal}${unit}`, value <= goal);
  }

  atLeast(name: string, value: number, goal: number, unit: string): void {
    this.add(name, value, unit, `>=${goal}${unit}`, value >= goal);
  }

  /** Depends on the machine, so nothing is promised of it. */
  informational(name: string, value: number, unit: string): void {
    this.add(name, value, unit, '-', true);
  }

  private add(name: string, value: number, unit: string, goal: string, ok: boolean): void {
    this.short += ok ? 0 : 1;
    this.lines.push(
      `figure: ${this.bench}/${name} ${shown(value)}${unit} goal ${goal} ${ok ? 'ok' : 'short'}`,
    );
  }

  /** @returns whether every goal was reached */
  print(): boolean {
    console.log(this.lines.join('\n'));
    return this.short === 0;
  }
}

function shown(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}

/** The chart itself. Loaded only when one is shown: the library is larger than the rest of the page. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Course } from './pace-course.ts';

export interface PaceDrawing {
  /** Draws in an element, as wide as it is. */
  show(course: Course): void;
  remove(): void;
}

export interface PaceDrawingOptions {
  element: HTMLElement;
  timeZone: string;
  /** A point in time as the axis says it. @param seconds since 1970 @param step between two of them, in seconds */
  label(seconds: number, step: number): string;
  number(value: number): string;
  /** The point under the pointer, or null when it has left. */
  onPoint(index: number | null): void;
}

const HEIGHT = 200;

export function drawPace({ element, timeZone, label, number, onPoint }: PaceDrawingOptions): PaceDrawing {
  let plot: uPlot | null = null;
  let shown: Course = { times: [], perMinute: [], rate: [] };

  function options(): uPlot.Options {
    const colour = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
    const font = `12px ${getComputedStyle(element).fontFamily}`;
    const axis = { stroke: colour('--ink-2'), font, ticks: { show: false } };
    const grid = { stroke: colour('--line'), width: 1 };
    const stepped = uPlot.paths.stepped!({ align: 1 });
    return {
      width: element.clientWidth,
      height: HEIGHT,
      // Half of a time of day has room beside the last point.
      padding: [8, 30, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      hooks: { setCursor: [(drawn) => onPoint(drawn.cursor.idx ?? null)] },
      scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.1)] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 32,
          space: 70,
          values: (_plot, splits, _axis, _space, step) => splits.map((split) => label(split, step)),
        },
        {
          ...axis,
          grid,
          size: 46,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200],
          values: (_plot, splits) => splits.map(number),
        },
      ],
      series: [
        {},
        {
          stroke: colour('--accent'),
          fill: colour('--accent-soft'),
          width: 2,
          paths: stepped,
          points: { show: false },
        },
        { stroke: colour('--warn'), width: 2, dash: [6, 4], paths: stepped, points: { show: false } },
      ],
    };
  }

  function draw(): void {
    plot?.destroy();
    plot = new uPlot(options(), [shown.times, shown.perMinute, shown.rate], element);
  }

  const resized = new ResizeObserver(() => {
    if (plot && plot.width !== element.clientWidth)
      plot.setSize({ width: element.clientWidth, height: HEIGHT });
  });
  resized.observe(element);
  const themed = new MutationObserver(() => plot && draw());
  themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });

  return {
    show(course) {
      shown = course;
      if (plot) plot.setData([course.times, course.perMinute, course.rate]);
      else draw();
    },
    remove() {
      resized.disconnect();
      themed.disconnect();
      plot?.destroy();
      plot = null;
    },
  };
}

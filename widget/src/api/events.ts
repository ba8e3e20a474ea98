/** Server-sent events read from a fetch: an EventSource could not send the Authorization header. */
export interface ServerEvent {
  name: string;
  data: string;
}

/**
 * Takes what comes in pieces apart, as the HTML standard says, without `id` and `retry`, which our server does not use.
 * @returns takes the next piece of text and gives the events that it completes
 */
export function eventParser(): (piece: string) => ServerEvent[] {
  let rest = '';
  let name = 'message';
  let data: string[] = [];
  return (piece) => {
    const events: ServerEvent[] = [];
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) events.push({ name, data: data.join('\n') });
        name = 'message';
        data = [];
        continue;
      }
      const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
      if (field === 'event') name = value ?? '';
      else if (field === 'data') data.push(value ?? '');
    }
    return events;
  };
}

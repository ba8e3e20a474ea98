import type { Binding } from '../../../contract/campaign.ts';
import { boundValue, type CellOf } from '../../../contract/cells.ts';
import { renderTemplate, type Method, type Template } from '../../../contract/channel.ts';
import { MAX_SEGMENTS, normaliseSmsText } from '../../../contract/sms-length.ts';
import { measureSms } from '../../../contract/sms-segments.ts';
import { parseText, renderText } from '../../../contract/sms-text.ts';
import type { Unmakeable } from '../../../contract/write-again.ts';
import type { OutboundMessage, Provider } from './gateway.ts';

/** What a run sends, kept as it was when the run began. */
export interface RunContent {
  name: string;
  method: Method;
  channelId: string;
  /** Absent: the host. */
  provider?: Provider;
  text: string;
  template: Template | null;
  bindings: Record<string, Binding>;
  removeDuplicates: boolean;
}

export interface Composed {
  content: OutboundMessage['content'];
  /** As the customer reads it. */
  text: string;
  /** SMS only. */
  segments: number | null;
  /** Why it must not be sent. */
  problem: Unmakeable | null;
  /** Variables whose cell was empty and that had no fallback. */
  empty: string[];
}

/** Makes the message of a row. */
export type Composer = (cell: CellOf) => Composed;

/**
 * What is alike in all messages of a run is done once. SMS may have empty variables; a template may not, its provider
 * would refuse it.
 */
export function composerOf(content: RunContent): Composer {
  return content.method === 'sms' ? smsComposer(content) : (cell) => composeTemplate(content, cell);
}

export function compose(content: RunContent, cell: CellOf): Composed {
  return composerOf(content)(cell);
}

function smsComposer(content: RunContent): Composer {
  const pieces = parseText(content.text);
  return (cell) => {
    const rendered = renderText(pieces, cell);
    const text = normaliseSmsText(rendered.text);
    const { segments } = measureSms(text);
    const problem = segments > MAX_SEGMENTS ? 'sms_too_long' : segments === 0 ? 'empty_variable' : null;
    return { content: { kind: 'text', text }, text, segments, problem, empty: rendered.empty };
  };
}

function composeTemplate(content: RunContent, cell: CellOf): Composed {
  const template = content.template;
  if (!template) throw new Error('a WABA run without its template');
  const variables: Record<string, string> = {};
  const empty: string[] = [];
  for (const { key } of template.variables) {
    const value = boundValue(content.bindings[key], cell);
    if (value === '') empty.push(key);
    variables[key] = value;
  }
  return {
    content: { kind: 'template', template, variables },
    text: renderTemplate(template, variables),
    segments: null,
    problem: empty.length > 0 ? 'empty_variable' : null,
    empty,
  };
}

/** WhatsApp templates as Chatwoot keeps them, which is as Meta lists them, and the values of their variables. */
import * as v from 'valibot';
import { TEMPLATE_CATEGORIES, type Template, type TemplateVariable } from '../../../../contract/channel.ts';

const ButtonSchema = v.object({
  type: v.string(),
  text: v.string(),
  url: v.optional(v.string()),
  example: v.nullish(v.array(v.string())),
});

const ComponentSchema = v.object({
  type: v.string(),
  format: v.optional(v.string()),
  text: v.nullish(v.string(), ''),
  buttons: v.nullish(v.array(ButtonSchema), []),
  example: v.nullish(
    v.object({
      header_text: v.nullish(v.array(v.string())),
      body_text: v.nullish(v.array(v.array(v.string()))),
      body_text_named_params: v.nullish(v.array(v.object({ param_name: v.string(), example: v.string() }))),
    }),
  ),
});
type Component = v.InferOutput<typeof ComponentSchema>;

const ListedSchema = v.object({
  name: v.string(),
  language: v.string(),
  status: v.string(),
  category: v.picklist(TEMPLATE_CATEGORIES),
  parameter_format: v.nullish(v.string()),
  components: v.array(ComponentSchema),
});

const STATUSES: Record<string, Template['status'] | undefined> = {
  APPROVED: 'approved',
  PENDING: 'pending',
  IN_APPEAL: 'pending',
  REJECTED: 'rejected',
  PAUSED: 'paused',
};

const BUTTONS: Record<string, Template['buttons'][number]['type'] | undefined> = {
  URL: 'url',
  QUICK_REPLY: 'quick_reply',
  PHONE_NUMBER: 'phone',
};

/**
 * Null for what Chatwoot could not be told to send as it is drawn: pictures and files in the header, codes, catalogues and
 * flows, and variables with names anywhere but in the body.
 */
export function templateOf(listed: unknown): Template | null {
  const read = v.safeParse(ListedSchema, listed);
  if (!read.success || read.output.category === 'AUTHENTICATION') return null;
  const { name, language, status, category, components, parameter_format } = read.output;
  const part = (type: string) => components.find((each) => each.type === type);
  const [header, body, footer] = [part('HEADER'), part('BODY'), part('FOOTER')];
  const buttons = part('BUTTONS')?.buttons ?? [];
  if (!body?.text || (header && header.format !== 'TEXT')) return null;
  if (buttons.some(({ type }) => !BUTTONS[type])) return null;
  const elsewhere = [
    ...variablesOf('header', header?.text ?? '', header?.example?.header_text ?? []),
    ...buttons.flatMap((button, at) =>
      variablesOf('button', button.url ?? '', linkEnds(button), `button.${at}`),
    ),
  ];
  if (parameter_format === 'NAMED' && elsewhere.length > 0) return null;
  return {
    id: `${name}:${language}`,
    name,
    locale: language,
    category,
    status: STATUSES[status.toUpperCase()] ?? 'disabled',
    header: header ? { format: 'text', text: header.text } : null,
    body: body.text,
    footer: footer?.text || null,
    buttons: buttons.map(({ type, text, url }) => ({
      type: BUTTONS[type]!,
      text,
      ...(url !== undefined && { url }),
    })),
    variables: [...variablesOf('body', body.text, bodyExamples(body)), ...elsewhere],
    version: 1,
  };
}

/** Meta shows a whole link as the example of its last part. */
function linkEnds({ url = '', example }: v.InferOutput<typeof ButtonSchema>): string[] {
  const begin = url.split('{{')[0]!;
  return (example ?? []).map((link) => (link.startsWith(begin) ? link.slice(begin.length) : link));
}

function bodyExamples({ example }: Component): readonly string[] | Record<string, string> {
  const named = example?.body_text_named_params;
  if (named) return Object.fromEntries(named.map((each) => [each.param_name, each.example]));
  return example?.body_text?.[0] ?? [];
}

function variablesOf(
  part: TemplateVariable['part'],
  text: string,
  examples: readonly string[] | Record<string, string>,
  prefix: string = part,
): TemplateVariable[] {
  const names = [...new Set([...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, name]) => name!))];
  return names.map((name) => {
    const example = Array.isArray(examples)
      ? examples[Number(name) - 1]
      : (examples as Record<string, string>)[name];
    return { key: `${prefix}.${name}`, part, name, ...(example !== undefined && { example }) };
  });
}

/** What Chatwoot makes the provider's parameters of (`Whatsapp::TemplateProcessorService`). */
export interface TemplateParams {
  name: string;
  category: string;
  language: string;
  processed_params: {
    header?: Record<string, string>;
    body?: Record<string, string>;
    buttons?: { type: string; parameter?: string }[];
  };
}

/** Null where a value is blank: Chatwoot would leave it out, and the ones after it would move up into its place. */
export function templateParams(
  template: Template,
  values: Readonly<Record<string, string>>,
): TemplateParams | null {
  if (template.variables.some(({ key }) => (values[key] ?? '').trim() === '')) return null;
  const of = (part: TemplateVariable['part']) => template.variables.filter((each) => each.part === part);
  const named = (part: TemplateVariable['part']) =>
    Object.fromEntries(of(part).map(({ key, name }) => [name, values[key]!]));
  const { name, category, locale: language } = template;
  return {
    ...{ name, category, language },
    processed_params: {
      ...(of('header').length > 0 && { header: named('header') }),
      ...(of('body').length > 0 && { body: named('body') }),
      ...(of('button').length > 0 && {
        buttons: template.buttons.map((_, at) => buttonParam(at, of('button'), values)),
      }),
    },
  };
}

/** By its place in the list; of type `url` are those alone that have a variable, as Chatwoot asks for its value. */
function buttonParam(at: number, variables: TemplateVariable[], values: Readonly<Record<string, string>>) {
  const variable = variables.find(({ key }) => key.startsWith(`button.${at}.`));
  return variable ? { type: 'url', parameter: values[variable.key]! } : { type: 'quick_reply' };
}

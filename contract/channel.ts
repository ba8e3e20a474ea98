import * as v from 'valibot';

export const METHODS = ['waba', 'sms'] as const;
export type Method = (typeof METHODS)[number];

/** A WABA number or an SMS sender through which messages go. */
export const ChannelSchema = v.object({
  id: v.string(),
  method: v.picklist(METHODS),
  name: v.string(),
  status: v.picklist(['active', 'disconnected', 'blocked']),
  /** Whether customers can answer: an alphanumeric SMS sender is one-way. */
  replies: v.boolean(),
  /** Messages a minute over all campaigns of the channel; null: it declares no limit. */
  limitPerMinute: v.nullable(v.number()),
});
export type Channel = v.InferOutput<typeof ChannelSchema>;

export const TemplateVariableSchema = v.object({
  /** Unique within the template: `header.1`, `body.1`, `body.first_name`, `button.0.1`. */
  key: v.string(),
  part: v.picklist(['header', 'body', 'button']),
  /** As it stands between the braces: `1` or `first_name`. */
  name: v.string(),
  example: v.optional(v.string()),
});
export type TemplateVariable = v.InferOutput<typeof TemplateVariableSchema>;

export const TEMPLATE_CATEGORIES = ['MARKETING', 'UTILITY', 'AUTHENTICATION'] as const;

export const TemplateSchema = v.object({
  id: v.string(),
  name: v.string(),
  locale: v.string(),
  category: v.picklist(TEMPLATE_CATEGORIES),
  status: v.picklist(['approved', 'pending', 'rejected', 'paused', 'disabled']),
  header: v.nullable(
    v.object({
      format: v.picklist(['text', 'image', 'video', 'document']),
      text: v.optional(v.string()),
      url: v.optional(v.string()),
    }),
  ),
  body: v.string(),
  footer: v.nullable(v.string()),
  buttons: v.array(
    v.object({
      type: v.picklist(['url', 'quick_reply', 'phone']),
      text: v.string(),
      url: v.optional(v.string()),
    }),
  ),
  variables: v.array(TemplateVariableSchema),
  version: v.number(),
});
/** A WhatsApp template as the host lists it. Variables stand in texts as `{{1}}` or `{{first_name}}`. */
export type Template = v.InferOutput<typeof TemplateSchema>;

/** Fills `{{name}}` in one part's text; a variable without a value stays visible as it is written. */
export function fillTemplateText(
  text: string,
  part: string,
  values: Readonly<Record<string, string>>,
): string {
  return text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (whole, name: string) => values[`${part}.${name}`] ?? whole);
}

/** The template as a customer reads it: header text, body, footer; for previews, reports and the chat's context. */
export function renderTemplate(template: Template, values: Readonly<Record<string, string>>): string {
  const header = template.header?.text ? fillTemplateText(template.header.text, 'header', values) : '';
  const body = fillTemplateText(template.body, 'body', values);
  return [header, body, template.footer ?? ''].filter((part) => part !== '').join('\n');
}

import type { CampaignSettings } from '../../../contract/campaign.ts';
import type { Template } from '../../../contract/channel.ts';
import { textVariables } from '../../../contract/sms-text.ts';
import type { Language } from '../../../contract/problems.ts';
import { csvLine } from '../reports/csv.ts';

/** The file to fill in for a campaign: phone first, a column for each variable, one sample row. UTF-8 with BOM, `;`, CRLF. */
export function templateFile(
  settings: CampaignSettings,
  template: Template | null,
  language: Language,
): string {
  const columns = variableColumns(settings, template, language);
  const phone = language === 'ru' ? 'Телефон' : 'Phone';
  const sample = language === 'ru' ? 'пример' : 'example';
  const header = csvLine([phone, ...columns.map(({ name }) => name)]);
  const row = csvLine(['8 (912) 345-67-89', ...columns.map(({ example }) => example ?? sample)]);
  return `\uFEFF${header}${row}`;
}

function variableColumns(
  settings: CampaignSettings,
  template: Template | null,
  language: Language,
): { name: string; example?: string | undefined }[] {
  if (settings.method === 'sms') return textVariables(settings.text).map((name) => ({ name }));
  return (template?.variables ?? []).flatMap(({ key, name, example }) => {
    const binding = settings.bindings[key];
    if (binding?.kind === 'text') return [];
    const fallbackName = /^\d+$/.test(name)
      ? `${language === 'ru' ? 'Переменная' : 'Variable'} ${name}`
      : name;
    return [{ name: binding?.column ?? fallbackName, example }];
  });
}

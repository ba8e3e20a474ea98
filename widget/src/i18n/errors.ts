import { isProblemCode, problemText } from '../../../contract/problems.ts';
import { CONTROLS, CAMPAIGN_STATES } from '../../../contract/campaign-states.ts';
import { ApiError } from '../api/client.ts';
import { SessionLostError } from '../host/tokens.ts';
import { language, t, type MessageKey } from './index.ts';

type Params = Record<string, string | number>;

/** The sentence of a code of contract/problems.ts, in the reader's language. */
export function codeText(code: string, params: Params = {}): string {
  return problemText(code, language.value, named(params));
}

/** What went wrong, in a sentence that says what to do. */
export function errorText(error: unknown): string {
  if (error instanceof SessionLostError) return t('session.lostTitle');
  if (isUnanswered(error)) return t('error.network');
  const { code, detail, params } = (error as ApiError).problem;
  return isProblemCode(code) ? codeText(code, params) : detail || t('error.network');
}

/** No answer came: nobody knows whether the server did it. */
export function isUnanswered(error: unknown): boolean {
  return !(error instanceof SessionLostError) && (!(error instanceof ApiError) || error.code === 'network');
}

/** The same name may stand in several parts of a template. */
const PARTS = ['header', 'button'] as const;

/** Names of controls, states and settings arrive as codes. */
function named(params: Params): Params {
  const copy = { ...params };
  const control = CONTROLS.find((known) => known === params.control);
  if (control) copy.control = t(`control.${control}`);
  const state = CAMPAIGN_STATES.find((known) => known === params.state);
  if (state) copy.state = t(`state.${state}`).toLowerCase();
  const part = PARTS.find((known) => known === params.part);
  if (part) copy.variable = `${params.variable} ${t(`binding.${part}`)}`;
  if (typeof params.fields === 'string') {
    copy.fields = params.fields
      .split(/,\s*/)
      .map((field) => settingName(field))
      .join(', ');
  }
  return copy;
}

const SETTINGS: Record<string, MessageKey> = {
  name: 'setting.name',
  method: 'setting.method',
  channelId: 'setting.channel',
  templateId: 'setting.template',
  bindings: 'setting.bindings',
  text: 'setting.text',
  removeDuplicates: 'setting.removeDuplicates',
  additionalList: 'setting.additionalList',
  onFileRemoval: 'setting.onFileRemoval',
  ratePerMinute: 'setting.rate',
  schedule: 'setting.schedule',
  sendingHours: 'setting.hours',
  mainList: 'setting.mainFile',
};

export function settingName(field: string): string {
  const key = SETTINGS[field];
  return key ? t(key) : field;
}

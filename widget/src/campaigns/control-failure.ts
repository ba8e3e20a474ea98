import { errorText, isUnanswered } from '../i18n/errors.ts';
import { t } from '../i18n/index.ts';
import type { ControlFailure } from './controls.store.ts';

/** Why a control was not done; of a pause what matters is whether messages still go out. */
export function failureText({ control, error, isStillRunning }: ControlFailure): string {
  if (control !== 'pause' || !isUnanswered(error)) return errorText(error);
  return t(isStillRunning ? 'bar.notPaused' : 'bar.unanswered');
}

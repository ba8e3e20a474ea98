import { toTypedSchema } from '@vee-validate/valibot';
import type { GenericSchema } from 'valibot';
import { useField } from 'vee-validate';
import { computed, watch } from 'vue';
import { codeText } from '../i18n/errors.ts';
import { useCampaign } from './campaign.store.ts';
import { sameValue, type Draft } from './settings-draft.ts';

/** One setting of the form: the typed value, its error in words, and whether it may be changed now. */
export function useSetting<K extends keyof Draft>(key: K, schema: GenericSchema) {
  const store = useCampaign();
  const field = useField<Draft[K]>(key, toTypedSchema(schema) as never, {
    initialValue: store.draft[key],
    validateOnMount: false,
  });

  watch(field.value, (value) => {
    if (!sameValue(store.draft[key], value)) store.draft[key] = value as never;
  });
  // The draft also changes by others: the server's answer, a conflict resolved.
  watch(
    () => store.draft[key],
    (value) => {
      if (!sameValue(field.value.value, value)) field.setValue(value as never);
    },
  );

  const error = computed(() => {
    const told = store.fieldProblems[key];
    if (field.errorMessage.value) return codeText(field.errorMessage.value);
    return told ? codeText(told.code, told.params) : '';
  });
  const locked = computed(() => !store.editable.includes(key));
  return { value: field.value, error, locked, validate: field.validate };
}

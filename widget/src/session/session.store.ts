import { defineStore } from 'pinia';
import { computed } from 'vue';
import { roleMay, type Permission } from '../../../contract/session.ts';
import { getSession } from '../api/session.ts';
import { useRequest } from '../ui/useRequest.ts';

/** Who is reading, what the role allows, and the account's time zone. */
export const useSession = defineStore('session', () => {
  const { state, data, error, run } = useRequest(getSession);
  const timeZone = computed(() => data.value?.account.timeZone ?? 'Europe/Moscow');
  const may = (permission: Permission) => data.value !== null && roleMay(data.value.user.role, permission);
  return { state, session: data, error, timeZone, may, load: run };
});

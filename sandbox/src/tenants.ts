/** The two accounts of the stand-in CRM: one signs session tokens with HS256, the other with ES256. */
export interface Tenant {
  id: string;
  name: string;
  locale: 'ru' | 'en';
  timezone: string;
  sessionAlg: 'HS256' | 'ES256';
}

export const TENANTS: readonly Tenant[] = [
  {
    id: 'romashka',
    name: 'ООО «Ромашка»',
    locale: 'ru',
    timezone: 'Europe/Moscow',
    sessionAlg: 'HS256',
  },
  {
    id: 'vasilek',
    name: 'Vasilek Ltd',
    locale: 'en',
    timezone: 'Asia/Yekaterinburg',
    sessionAlg: 'ES256',
  },
];

export function findTenant(id: unknown): Tenant | undefined {
  return TENANTS.find((tenant) => tenant.id === id);
}

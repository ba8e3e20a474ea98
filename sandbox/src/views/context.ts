import { ROLES, type Role } from '../../../contract/session.ts';
import { findTenant, TENANTS, type Tenant } from '../tenants.ts';
import { TEXTS, type Locale, type TextKey } from './texts.ts';

export type Theme = 'light' | 'dark';

/** Who looks and how: all of it stands in the address, so that a page can be linked to and tested as it is. */
export interface Context {
  tenant: Tenant;
  role: Role;
  locale: Locale;
  theme: Theme;
  t: (key: TextKey) => string;
  /** A link inside the CRM that keeps the view. */
  link: (path: string) => string;
}

/** One person per role. */
const PEOPLE: Record<Role, { id: string; name: Record<Locale, string> }> = {
  admin: { id: 'user-anna', name: { ru: 'Анна Смирнова', en: 'Anna Smirnova' } },
  supervisor: { id: 'user-sergey', name: { ru: 'Сергей Козлов', en: 'Sergey Kozlov' } },
  operator: { id: 'user-olga', name: { ru: 'Ольга Белова', en: 'Olga Belova' } },
  viewer: { id: 'user-viktor', name: { ru: 'Виктор Орлов', en: 'Viktor Orlov' } },
};

export function contextOf(query: Record<string, unknown>): Context {
  const tenant = findTenant(query.tenant) ?? TENANTS[0]!;
  const role = ROLES.find((r) => r === query.role) ?? 'admin';
  const locale: Locale = query.locale === 'en' ? 'en' : 'ru';
  const theme: Theme = query.theme === 'dark' ? 'dark' : 'light';
  const view = new URLSearchParams({ tenant: tenant.id, role, locale, theme }).toString();
  return { tenant, role, locale, theme, t: (key) => TEXTS[locale][key], link: (path) => `${path}?${view}` };
}

export function personOf({ role, locale }: Context): { id: string; displayName: string } {
  return { id: PEOPLE[role].id, displayName: PEOPLE[role].name[locale] };
}

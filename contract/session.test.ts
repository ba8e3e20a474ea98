import { expect, test } from '@jest/globals';
import { roleMay, ROLES, type Permission, type Role } from './session.ts';

const PERMISSIONS = ['view', 'control', 'setUp', 'administer'] as const satisfies Permission[];

/** Who may do what, by hand. */
const TABLE: Record<Role, [view: boolean, control: boolean, setUp: boolean, administer: boolean]> = {
  admin: [true, true, true, true],
  supervisor: [true, true, true, false],
  operator: [true, true, false, false],
  viewer: [true, false, false, false],
};

test('the table knows every role', () => {
  expect(Object.keys(TABLE)).toEqual([...ROLES]);
});

test.each(ROLES.flatMap((role) => PERMISSIONS.map((permission, at) => ({ role, permission, at }))))(
  'whether $role may $permission is as the table says',
  ({ role, permission, at }) => {
    expect(roleMay(role, permission)).toBe(TABLE[role][at]);
  },
);

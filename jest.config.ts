/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const swc = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2023',
  },
};

const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', swc] },
  testMatch: ['**/*.test.ts'],
  injectGlobals: false,
} satisfies Config;

/** Contract and widget logic need nothing; backend and browser tests share one PostgreSQL, started once. */
export default {
  projects: [
    { ...shared, displayName: 'contract', roots: ['<rootDir>/contract', '<rootDir>/sandbox'] },
    { ...shared, displayName: 'widget', roots: ['<rootDir>/widget/src'] },
    {
      ...shared,
      displayName: 'backend',
      roots: ['<rootDir>/backend', '<rootDir>/widget/e2e'],
      globalSetup: '<rootDir>/backend/test/global-setup.ts',
      globalTeardown: '<rootDir>/backend/test/global-teardown.ts',
    },
  ],
  testTimeout: 60_000,
} as Config;

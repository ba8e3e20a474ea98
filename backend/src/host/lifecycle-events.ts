import * as v from 'valibot';
import { isTimeZone } from '../../../contract/zoned-time.ts';

const Sequence = v.pipe(v.number(), v.integer(), v.minValue(1));
const InstallCode = v.pipe(v.string(), v.minLength(1), v.maxLength(512));
const Tenant = v.object({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  locale: v.string(),
  timezone: v.pipe(v.string(), v.check(isTimeZone)),
  origins: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(10)),
});
const HostApi = v.object({ base_url: v.string(), token_url: v.string() });

export const InstalledSchema = v.object({
  installation_id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{8,128}$/)),
  sequence: Sequence,
  tenant: Tenant,
  host_api: HostApi,
  install_code: InstallCode,
});

export const UpdatedSchema = v.object({
  installation_id: v.string(),
  sequence: Sequence,
  tenant: Tenant,
  host_api: HostApi,
});

export const SecretRotatedSchema = v.object({
  installation_id: v.string(),
  sequence: Sequence,
  install_code: InstallCode,
});

export const LifecycleSchema = v.object({ installation_id: v.string(), sequence: Sequence });

export type Installed = v.InferOutput<typeof InstalledSchema>;
export type Updated = v.InferOutput<typeof UpdatedSchema>;
export type SecretRotated = v.InferOutput<typeof SecretRotatedSchema>;
export type Lifecycle = v.InferOutput<typeof LifecycleSchema>;

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../src/app.ts';
import { readConfig, type Config } from '../src/config.ts';
import { freePort } from './app.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';

/** The app with hosts that have a preset, on a port and a database of its own. */
export class PresetApp {
  readonly baseUrl: string;
  readonly database: TestDatabase;
  app!: NestExpressApplication;
  private readonly folder = mkdtempSync(join(tmpdir(), 'mass-messaging-preset-'));
  private readonly env: Record<string, string>;

  private constructor(port: number, database: TestDatabase, env: Record<string, string>) {
    this.baseUrl = `http://localhost:${port}`;
    this.database = database;
    this.env = env;
  }

  /** @param records of HOSTS_FILE · @param env where their secrets stand */
  static async start(records: unknown[], env: Record<string, string>): Promise<PresetApp> {
    const [port, database] = await Promise.all([freePort(), cloneDatabase()]);
    const preset = new PresetApp(port, database, env);
    preset.app = await createApp(preset.config(records), database.dataSource);
    await preset.app.listen(port, '127.0.0.1');
    return preset;
  }

  /** @throws ConfigError for records that cannot be used */
  config(records: unknown[], env: Record<string, string> = {}): Config {
    const hostsFile = join(this.folder, 'hosts.json');
    writeFileSync(hostsFile, JSON.stringify(records));
    const own = { BASE_URL: this.baseUrl, DATA_DIR: this.folder, HOSTS_FILE: hostsFile };
    return readConfig({ ...own, ALLOW_LOCAL_HOSTS: 'true', ...this.env, ...env });
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

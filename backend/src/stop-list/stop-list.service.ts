import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { StopListEntry } from '../../../contract/session.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { normalisePhone } from '../lists/reading/phone.ts';
import { StopListEntity } from './stop-list.entity.ts';

/** Phones of an account that must not be written to. */
@Injectable()
export class StopListService {
  constructor(private readonly dataSource: DataSource) {}

  async list(caller: Caller): Promise<StopListEntry[]> {
    const entries = await this.dataSource.manager.find(StopListEntity, {
      where: { accountId: caller.accountId },
      order: { addedAt: 'DESC' },
      take: 1000,
    });
    return entries.map((entry) => ({
      phone: entry.phone,
      reason: entry.reason,
      evidence: entry.evidence,
      addedAt: entry.addedAt.toISOString(),
    }));
  }

  async add(caller: Caller, phoneText: string): Promise<void> {
    const phone = normalisePhone(phoneText);
    if (!phone.ok) throw new ProblemError('phone_invalid', {}, [{ field: 'phone', code: 'phone_invalid' }]);
    await this.put(this.dataSource.manager, caller.accountId, phone.e164, 'manual', null, caller.userId);
  }

  /** The first evidence is kept: it is the one that counts. */
  async put(
    manager: EntityManager,
    accountId: number,
    phone: string,
    reason: string,
    evidence: string | null,
    by: string,
  ): Promise<void> {
    await manager.query(
      `insert into stop_list (account_id, phone, reason, evidence, added_by) values ($1, $2, $3, $4, $5)
       on conflict (account_id, phone) do nothing`,
      [accountId, phone, reason, evidence, by],
    );
  }
}

import { Injectable } from '@nestjs/common';
import type { ListSlot } from '../../../contract/list.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';

/** Fields into which a file is being read by this process, so that a second one is told so instead of racing it. */
@Injectable()
export class OneAtATime {
  private readonly inUse = new Set<string>();

  /** @throws ProblemError `upload_in_progress`, at once */
  async in<T>(caller: Caller, id: number, slot: ListSlot, work: () => Promise<T>): Promise<T> {
    const key = `${caller.accountId}:${id}:${slot}`;
    if (this.inUse.has(key)) throw new ProblemError('upload_in_progress');
    this.inUse.add(key);
    try {
      return await work();
    } finally {
      this.inUse.delete(key);
    }
  }
}

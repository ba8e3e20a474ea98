import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Obstacle, Preview } from '../../../contract/campaign.ts';
import type { Template } from '../../../contract/channel.ts';
import type { Refusal } from '../../../contract/list.ts';
import type { Language } from '../../../contract/problems.ts';
import { MAX_SEGMENTS } from '../../../contract/sms-length.ts';
import { localToInstant } from '../../../contract/zoned-time.ts';
import { ChannelsService } from '../channels/channels.service.ts';
import { rowsOf } from '../database/rows.ts';
import { cellFinder, compose, type RunContent } from '../dispatch/compose.ts';
import { GATEWAY } from '../tokens.ts';
import type { Gateway, OutboundMessage } from '../dispatch/gateway.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { loadedLists, type ListRow } from '../lists/list-rows.ts';
import { normalisePhone } from '../lists/reading/phone.ts';
import { draftAccount } from '../reports/row-account.ts';
import { readCampaign, type CampaignRow } from './campaign-state.ts';
import { finishTime, settingsOf } from './campaign-view.ts';
import { obstacles } from './readiness.ts';
import { templateFile } from './template-file.ts';

/** Rows looked at for the lengths of messages; a file of fewer rows is counted exactly. */
const SAMPLE_ROWS = 20_000;

export interface Readiness {
  obstacles: Obstacle[];
  content: RunContent;
  lists: ListRow[];
}

/** What Start would do, and a test message to one's own number. */
@Injectable()
export class PreviewService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly channels: ChannelsService,
    @Inject(GATEWAY) private readonly gateway: Gateway,
  ) {}

  /** Asks the host for the channel and the template as they are now. */
  async readiness(row: CampaignRow, timeZone: string): Promise<Readiness> {
    const settings = settingsOf(row);
    const lists = await loadedLists(this.dataSource.manager, row.account_id, row.id);
    const channel =
      row.channel_id === null ? null : await this.channels.channel(row.account_id, row.channel_id);
    const template = await this.template(row, channel !== null);
    const facts = { settings, lists, channel, template, timeZone, now: new Date() };
    return {
      obstacles: obstacles(facts),
      lists,
      content: {
        name: row.name,
        method: row.method,
        channelId: row.channel_id ?? '',
        text: row.text,
        template,
        bindings: row.bindings,
        removeDuplicates: row.remove_duplicates,
      },
    };
  }

  /** The template file of the manual's point 3, with the columns this campaign needs. */
  async templateFile(
    caller: Caller,
    id: number,
    language: Language,
  ): Promise<{ name: string; text: string }> {
    const row = await readCampaign(this.dataSource.manager, caller.accountId, id);
    const template = await this.template(row, row.channel_id !== null);
    return {
      name: `${row.name.replace(/[\\/:*?"<>|]/g, '_')}.csv`,
      text: templateFile(settingsOf(row), template, language),
    };
  }

  private async template(row: CampaignRow, hasChannel: boolean): Promise<Template | null> {
    if (row.method !== 'waba' || row.template_id === null || !hasChannel) return null;
    return this.channels.template(row.account_id, row.channel_id!, row.template_id);
  }

  async preview(caller: Caller, id: number): Promise<Preview> {
    const { manager } = this.dataSource;
    const row = await readCampaign(manager, caller.accountId, id);
    const { obstacles: found, content, lists } = await this.readiness(row, caller.account.timeZone);
    const account = await draftAccount(manager, caller.accountId, id, lists, row.remove_duplicates);
    const startAt = row.start_at === null ? null : localToInstant(row.start_at, caller.account.timeZone);
    const composable = content.method === 'sms' ? content.text.trim() !== '' : content.template !== null;
    const rows = composable ? await this.sample(caller.accountId, id, lists) : [];
    if (account.queued === 0 && lists.length > 0) found.push({ field: 'mainList', code: 'nobody_to_write' });
    return {
      obstacles: found,
      account,
      refusedBy: refusedOf(lists),
      recipients: account.queued,
      segments: composable && content.method === 'sms' ? segmentsOf(content, rows, account.queued) : null,
      category: content.template?.category ?? null,
      startAt: startAt?.toISOString() ?? null,
      finishAt: finishTime(account.queued, row.rate, Math.max(startAt?.getTime() ?? 0, Date.now())),
      samples: rows.slice(0, 3).map(({ phone, composed }) => ({
        phone: shortPhone(phone),
        text: composed(content).text,
        empty: composed(content).empty,
      })),
    };
  }

  /** The first rows of the files, the main one first, as they will be sent. */
  private async sample(accountId: number, campaignId: number, lists: readonly ListRow[]) {
    const rows: { list_id: number; phone: string; cells: string[] }[] = [];
    for (const { id } of lists) {
      const more = await rowsOf<(typeof rows)[number]>(
        this.dataSource.manager,
        `select list_id, phone, cells from contact
          where account_id = $1 and campaign_id = $2 and list_id = $3 and phone is not null and not repeated
          order by row_no limit $4`,
        [accountId, campaignId, id, SAMPLE_ROWS - rows.length],
      );
      rows.push(...more);
    }
    const finders = new Map(lists.map((list) => [list.id, cellFinder(list.columns)]));
    return rows.map(({ list_id, phone, cells }) => ({
      phone,
      composed: (content: RunContent) => compose(content, finders.get(list_id)!(cells)),
    }));
  }

  /**
   * Outside counts and duplicates: it has no row. Its variables come from the file's first row. The key is made
   * anew for every click, because every click asks for a message.
   */
  async sendTest(caller: Caller, id: number, phoneText: string): Promise<{ text: string }> {
    const phone = normalisePhone(phoneText);
    const row = await readCampaign(this.dataSource.manager, caller.accountId, id);
    if (!phone.ok || (phone.kind === 'landline' && row.method === 'sms')) {
      throw new ProblemError('phone_invalid', {}, [{ field: 'phone', code: 'phone_invalid' }]);
    }
    const { obstacles: found, content, lists } = await this.readiness(row, caller.account.timeZone);
    const inTheWay = found.filter(({ field }) => field !== 'schedule' && field !== 'mainList');
    if (inTheWay.length > 0) throw new ProblemError('not_ready', {}, inTheWay);
    const [first] = await this.sample(caller.accountId, id, lists);
    const composed = first ? first.composed(content) : compose(content, () => undefined);
    const message: OutboundMessage = {
      accountId: caller.accountId,
      channelId: content.channelId,
      phone: phone.e164,
      content: composed.content,
      reference: `test:${randomUUID()}`,
      campaignReference: 'test',
    };
    const answer = await this.gateway.send(message, () => true);
    if (answer.kind !== 'accepted') {
      throw new ProblemError('test_not_sent', {
        reason: 'detail' in answer ? (answer.detail ?? '') : answer.kind,
      });
    }
    return { text: composed.text };
  }
}

function refusedOf(lists: readonly ListRow[]): Preview['refusedBy'] {
  const sum: Preview['refusedBy'] = {};
  for (const list of lists) {
    for (const [reason, count] of Object.entries(list.refused_by) as [Refusal, number][]) {
      sum[reason] = (sum[reason] ?? 0) + count;
    }
  }
  return sum;
}

function segmentsOf(
  content: RunContent,
  rows: readonly { composed(content: RunContent): ReturnType<typeof compose> }[],
  recipients: number,
): NonNullable<Preview['segments']> {
  const counts: Record<number, number> = {};
  let tooLong = 0;
  let emptyVariables = 0;
  for (const row of rows) {
    const { segments, empty } = row.composed(content);
    if (segments! > MAX_SEGMENTS) tooLong += 1;
    else counts[segments!] = (counts[segments!] ?? 0) + 1;
    if (empty.length > 0) emptyVariables += 1;
  }
  return { exact: recipients <= rows.length, rows: counts, tooLong, emptyVariables };
}

/** +7 912 ***-**-89 for a screen that others may see. */
function shortPhone(phone: string): string {
  return `${phone.slice(0, 5)}…${phone.slice(-2)}`;
}

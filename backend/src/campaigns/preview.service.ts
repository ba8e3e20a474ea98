import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Obstacle, Preview, TestMessage } from '../../../contract/campaign.ts';
import type { Template } from '../../../contract/channel.ts';
import type { Lengths } from '../../../contract/lengths.ts';
import type { Refusal } from '../../../contract/list.ts';
import type { Language } from '../../../contract/problems.ts';
import { firstOpen } from '../../../contract/sending-hours.ts';
import { localToInstant } from '../../../contract/zoned-time.ts';
import { ChannelsService } from '../channels/channels.service.ts';
import { Messengers } from '../channels/messengers.ts';
import { rowsOf } from '../database/rows.ts';
import { cellFinder } from '../../../contract/cells.ts';
import { compose, composerOf, type Composed, type RunContent } from '../dispatch/compose.ts';
import { SPREAD, WIRE } from '../dispatch/pacing.ts';
import { takeTurn } from '../dispatch/channel-places.ts';
import { DispatchDatabase } from '../dispatch/dispatch-database.ts';
import type { Gateway, GatewayAnswer, OutboundMessage, Provider } from '../dispatch/gateway.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { LengthsService } from '../lengths/lengths.service.ts';
import { smsPlan, templatePlan, type MessagePlan } from '../lengths/message-plan.ts';
import { sendableRows, type RowsKey } from '../lengths/sendable-rows.ts';
import { loadedLists, type ListRow } from '../lists/list-rows.ts';
import { normalisePhone } from '../lists/reading/phone.ts';
import { expectedZones, zoneShares } from '../ranges/zone-shares.ts';
import { draftAccount } from '../reports/row-account.ts';
import { readCampaign, type CampaignRow } from './campaign-state.ts';
import { finishTime, hoursOf, settingsOf } from './campaign-view.ts';
import { obstacles } from './readiness.ts';
import { templateFile } from './template-file.ts';
import { warningsOf } from './warnings.ts';

/** Messages shown as they will be sent. */
const SAMPLES = 3;
/** Rows of a file that are looked through for some of which a message can be made. */
const LOOKED_THROUGH = 100;

export interface Readiness {
  obstacles: Obstacle[];
  content: RunContent;
  lists: ListRow[];
  /** Of its channel, in messages a minute; null: none. */
  limitPerMinute: number | null;
}

/** What Start would do, and a test message to one's own number. */
@Injectable()
export class PreviewService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly channels: ChannelsService,
    private readonly lengths: LengthsService,
    private readonly messengers: Messengers,
    private readonly dispatchDatabase: DispatchDatabase,
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
      limitPerMinute: channel?.limitPerMinute ?? null,
      content: contentOf(row, template, await this.channels.provider(row.account_id)),
    };
  }

  /** What would be sent, by the template as the host has it now. */
  async content(row: CampaignRow): Promise<RunContent> {
    const template = await this.template(row, row.channel_id !== null);
    return contentOf(row, template, await this.channels.provider(row.account_id));
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
    const readiness = await this.readiness(row, caller.account.timeZone);
    const { obstacles: found, content, lists, limitPerMinute } = readiness;
    const account = await draftAccount(manager, caller.accountId, id, lists, row.remove_duplicates);
    const { timeZone } = caller.account;
    const hours = hoursOf(row);
    const begin = Math.max(
      Date.now(),
      (row.start_at === null ? null : localToInstant(row.start_at, timeZone)?.getTime()) ?? 0,
    );
    const composable = isComposable(content);
    const key = await this.lengths.rowsOf(row, row.remove_duplicates, lists);
    const zones = hours?.zone === 'recipient' ? await expectedZones(manager, key, timeZone) : null;
    const clocks = zones?.length ? zones.map(({ zone }) => zone) : [timeZone];
    const first = hours ? firstOpen(begin, clocks, hours) : begin;
    // Before its variables are bound nobody would read it so.
    const isBound = !found.some(({ field }) => field === 'bindings');
    const samples = composable && isBound ? await this.firstMessages(key, content) : [];
    if (account.queued === 0 && lists.length > 0) found.push({ field: 'mainList', code: 'nobody_to_write' });
    const lengths = composable ? await this.lengths.look(key, planOf(content)) : null;
    const rate = Math.min(row.rate, limitPerMinute ?? row.rate);
    const recipients = account.queued - unsendableOf(lengths);
    // Of which no message can be made is found at its turn only, so that it has one.
    const finishAt = finishTime(account.queued, rate, first, { hours, timeZone, zones });
    return {
      obstacles: found,
      warnings: warningsOf({
        settings: settingsOf(row),
        lists,
        account,
        lengths,
        limitPerMinute,
        sending: account.queued > 0 ? { from: first, to: Date.parse(finishAt) } : null,
        timeZone,
      }),
      account,
      refusedBy: refusedOf(lists),
      recipients,
      lengths,
      category: content.template?.category ?? null,
      startAt: row.start_at !== null || first > begin ? new Date(first).toISOString() : null,
      finishAt,
      zones: zones && zoneShares(zones, hours, begin),
      samples: samples.map(({ phone, text, empty }) => ({ phone: shortPhone(phone), text, empty })),
    };
  }

  /** The first messages that will be sent, the main file's first; where none can be made, what is wrong with the first. */
  private async firstMessages(key: RowsKey, content: RunContent): Promise<(Composed & { phone: string })[]> {
    const composer = composerOf(content);
    const found: (Composed & { phone: string })[] = [];
    for (const list of key.lists) {
      const rows = await rowsOf<{ phone: string; cells: string[] }>(
        this.dataSource.manager,
        `select c.phone, c.cells from ${sendableRows(key, list)} order by c.row_no limit $1`,
        [LOOKED_THROUGH],
      );
      const finder = cellFinder(list.columns);
      found.push(...rows.map(({ phone, cells }) => ({ phone, ...composer(finder(cells)) })));
    }
    const sendable = found.filter(({ problem }) => problem === null);
    return (sendable.length > 0 ? sendable : found).slice(0, SAMPLES);
  }

  /** @param lists the loaded ones */
  private async messageOf(
    lists: readonly ListRow[],
    { account_id, id }: CampaignRow,
    wanted: NonNullable<TestMessage['row']>,
    content: RunContent,
  ): Promise<Composed | undefined> {
    const list = lists.find((each) => each.id === wanted.list);
    if (!list) return undefined;
    const [row] = await rowsOf<{ cells: string[] }>(
      this.dataSource.manager,
      'select cells from contact where account_id = $1 and campaign_id = $2 and list_id = $3 and row_no = $4',
      [account_id, id, list.id, wanted.row],
    );
    return row && compose(content, cellFinder(list.columns)(row.cells));
  }

  /**
   * Outside counts and duplicates: it is nobody's row, though its variables come from one. The key is made anew for
   * every click, because every click asks for a message.
   */
  async sendTest(caller: Caller, id: number, wanted: TestMessage): Promise<{ text: string }> {
    const phone = normalisePhone(wanted.phone);
    const row = await readCampaign(this.dataSource.manager, caller.accountId, id);
    if (!phone.ok || (phone.kind === 'landline' && row.method === 'sms')) {
      throw new ProblemError('phone_invalid', {}, [{ field: 'phone', code: 'phone_invalid' }]);
    }
    const { obstacles: found, content, lists } = await this.readiness(row, caller.account.timeZone);
    const inTheWay = found.filter(({ field }) => field !== 'schedule' && field !== 'mainList');
    if (inTheWay.length > 0) throw new ProblemError('not_ready', {}, inTheWay);
    const key = await this.lengths.rowsOf(row, row.remove_duplicates, lists);
    const composed =
      (wanted.row && (await this.messageOf(lists, row, wanted.row, content))) ??
      (await this.firstMessages(key, content))[0] ??
      compose(content, () => undefined);
    if (composed.problem) throw new ProblemError('test_row_empty');
    const message: OutboundMessage = {
      accountId: caller.accountId,
      channelId: content.channelId,
      phone: phone.e164,
      content: composed.content,
      reference: `test:${randomUUID()}`,
      campaignReference: 'test',
    };
    const gateway = this.messengers[content.provider ?? 'host'];
    const answer = await this.sendInTurn(gateway, message);
    if (answer.kind !== 'accepted') {
      throw new ProblemError('test_not_sent', {
        reason: 'detail' in answer ? (answer.detail ?? '') : answer.kind,
      });
    }
    return { text: composed.text };
  }

  /** A channel's limit counts everything that goes through it. @throws ProblemError channel_at_limit */
  private async sendInTurn(gateway: Gateway, message: OutboundMessage): Promise<GatewayAnswer> {
    const asked = performance.now();
    const wait = await takeTurn(this.dispatchDatabase, message.accountId, message.channelId);
    if (wait === undefined) return gateway.send(message, () => true);
    if (wait === null) throw new ProblemError('channel_at_limit');
    // Not before its turn, and not long after it: the place of one that is late has been others' since.
    await sleep(Math.ceil(wait));
    const until = asked + wait + (SPREAD - WIRE) * 1000;
    const answer = await gateway.send(message, () => performance.now() <= until);
    if (answer.kind === 'late') throw new ProblemError('channel_at_limit');
    return answer;
  }
}

/** Rows of which no message can be made; none while they are only estimated. */
function unsendableOf(lengths: Lengths | null): number {
  if (!lengths?.exact) return 0;
  return lengths.method === 'sms' ? lengths.tooLong + lengths.blank : lengths.unfilled;
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

function planOf({ method, text, bindings, template }: RunContent): MessagePlan {
  if (method === 'sms') return smsPlan(text);
  return templatePlan(bindings, template?.variables.map(({ key }) => key) ?? []);
}

function contentOf(row: CampaignRow, template: Template | null, provider: Provider): RunContent {
  return {
    name: row.name,
    method: row.method,
    channelId: row.channel_id ?? '',
    provider,
    text: row.text,
    template,
    bindings: row.bindings,
    removeDuplicates: row.remove_duplicates,
  };
}

/** Whether there is a message to make of a row. */
export function isComposable({ method, text, template }: RunContent): boolean {
  return method === 'sms' ? text.trim() !== '' : template !== null;
}

/** +7912…89 for a screen that others may see. */
export function shortPhone(phone: string): string {
  return `${phone.slice(0, 5)}…${phone.slice(-2)}`;
}

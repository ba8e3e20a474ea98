import { Controller, Delete, Get, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Campaign } from '../../../contract/campaign.ts';
import { LIST_SLOTS, type ListRemoval, type ListSlot } from '../../../contract/list.ts';
import { campaignId } from '../campaigns/campaign-id.ts';
import { CampaignsService } from '../campaigns/campaigns.service.ts';
import type { Config } from '../config.ts';
import { ProblemError } from '../errors.ts';
import { CurrentCaller, Needs, type Caller } from '../host/caller.ts';
import { CONFIG } from '../tokens.ts';
import { ListsService } from './lists.service.ts';
import { ListDownloads } from './list-downloads.ts';
import { readUpload, safeFileName } from './upload-body.ts';

@Controller('api/campaigns/:id/lists/:slot')
export class ListsController {
  constructor(
    private readonly lists: ListsService,
    private readonly campaigns: CampaignsService,
    private readonly downloads: ListDownloads,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** The body is the file itself. */
  @Put()
  @Needs('setUp')
  async upload(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Query('fileName') fileName: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Campaign> {
    const where = [campaignId(id), slotOf(slot)] as const;
    const bytes = await readUpload(request, this.config.uploadStallMs);
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    await this.lists.upload(caller, ...where, { fileName: safeFileName(fileName), bytes }, gone.signal);
    return this.campaigns.get(caller, where[0]);
  }

  @Delete()
  @Needs('setUp')
  async remove(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
  ): Promise<Campaign> {
    await this.lists.remove(caller, campaignId(id), slotOf(slot));
    return this.campaigns.get(caller, campaignId(id));
  }

  /** What removing this file, or replacing it, would do. */
  @Get('removal')
  removal(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
  ): Promise<ListRemoval> {
    return this.lists.removal(caller, campaignId(id), slotOf(slot));
  }

  /** The numbers that stand more than once in this file, as CSV. */
  @Get('duplicates')
  async duplicates(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Res() response: Response,
  ): Promise<void> {
    await this.downloads.rows(caller, campaignId(id), slotOf(slot), 'duplicates', response);
  }

  /** The refused rows in the file's own columns, with the reason, as CSV. */
  @Get('refused')
  async refused(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Res() response: Response,
  ): Promise<void> {
    await this.downloads.rows(caller, campaignId(id), slotOf(slot), 'refused', response);
  }
}

function slotOf(text: string): ListSlot {
  const slot = LIST_SLOTS.find((each) => each === text);
  if (!slot) throw new ProblemError('slot_unknown');
  return slot;
}

import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Campaign, CorrectionResult } from '../../../contract/campaign.ts';
import {
  LIST_SLOTS,
  ReadAnewSchema,
  ReadingQuerySchema,
  type ListPreview,
  type ListRemoval,
  type ListReplacement,
  type ListSlot,
  type ReadAnew,
  type ReadingOptions,
} from '../../../contract/list.ts';
import { campaignId } from '../campaigns/campaign-id.ts';
import { CampaignsService } from '../campaigns/campaigns.service.ts';
import type { Config } from '../config.ts';
import { ProblemError } from '../errors.ts';
import { languageOf } from '../error.filter.ts';
import { CurrentCaller, Needs, type Caller } from '../host/caller.ts';
import { CONFIG } from '../tokens.ts';
import { CorrectionDownload } from './correcting/correction-download.ts';
import { CorrectionsService } from './correcting/corrections.service.ts';
import { ListsService } from './lists.service.ts';
import { ListDownloads } from './list-downloads.ts';
import { ListReplacements } from './list-replacement.ts';
import { ListPreviews } from './list-previews.ts';
import { readUpload, safeFileName } from './upload-body.ts';

@Controller('api/campaigns/:id/lists/:slot')
export class ListsController {
  constructor(
    private readonly lists: ListsService,
    private readonly campaigns: CampaignsService,
    private readonly corrections: CorrectionsService,
    private readonly downloads: ListDownloads,
    private readonly correctionDownload: CorrectionDownload,
    private readonly previews: ListPreviews,
    private readonly replacements: ListReplacements,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** The body is the file itself; the query may say how it is to be read. */
  @Put()
  @Needs('setUp')
  async upload(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Query('fileName') fileName: unknown,
    @Query({ schema: ReadingQuerySchema }) reading: ReadingOptions,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Campaign> {
    const where = [campaignId(id), slotOf(slot)] as const;
    const bytes = await readUpload(request, this.config.uploadStallMs);
    const upload = { fileName: safeFileName(fileName), bytes, reading };
    await this.lists.upload(caller, ...where, upload, goneSignal(response));
    return this.campaigns.get(caller, where[0]);
  }

  /** Reads the loaded file in another way. */
  @Post('reading')
  @Needs('setUp')
  @HttpCode(200)
  async readAnew(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Body({ schema: ReadAnewSchema }) body: ReadAnew,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Campaign> {
    await this.lists.readAnew(caller, campaignId(id), slotOf(slot), body, goneSignal(response));
    return this.campaigns.get(caller, campaignId(id));
  }

  /** The loaded file's first rows, as it is read or as the query says. */
  @Get('preview')
  preview(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Query({ schema: ReadingQuerySchema }) reading: ReadingOptions,
  ): Promise<ListPreview> {
    return this.previews.ofLoaded(caller, campaignId(id), slotOf(slot), reading);
  }

  /** The first rows of a file that is not loaded; the body is its beginning. */
  @Post('preview')
  @Needs('setUp')
  @HttpCode(200)
  async previewOfBytes(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Query({ schema: ReadingQuerySchema }) reading: ReadingOptions,
    @Req() request: Request,
  ): Promise<ListPreview> {
    slotOf(slot);
    return this.previews.ofBytes(
      caller,
      campaignId(id),
      await readUpload(request, this.config.uploadStallMs),
      reading,
    );
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

  /** What loading this file here would do; the body is the file, the query may say how it is to be read. */
  @Post('replacement')
  @Needs('setUp')
  @HttpCode(200)
  async replacement(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Query({ schema: ReadingQuerySchema }) reading: ReadingOptions,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ListReplacement> {
    const where = [campaignId(id), slotOf(slot)] as const;
    const bytes = await readUpload(request, this.config.uploadStallMs);
    return this.replacements.ofUpload(caller, ...where, { bytes, reading }, goneSignal(response));
  }

  /** What reading the loaded file in another way would do. */
  @Post('reading/replacement')
  @Needs('setUp')
  @HttpCode(200)
  readingReplacement(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Body({ schema: ReadAnewSchema }) body: ReadAnew,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ListReplacement> {
    return this.replacements.ofReading(caller, campaignId(id), slotOf(slot), body, goneSignal(response));
  }

  /** The numbers that stand more than once in this file, as CSV. */
  @Get('duplicates')
  async duplicates(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.downloads.duplicates(caller, campaignId(id), slotOf(slot), languageOf(request), response);
  }

  /** The refused rows in the file's own columns, separator and encoding, with the reason: to be put right. */
  @Get('refused')
  async refused(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const where = [campaignId(id), slotOf(slot)] as const;
    await this.correctionDownload.send(caller, ...where, languageOf(request), response);
  }

  /** The body is that file, put right; only its rows are taken over. */
  @Post('corrections')
  @Needs('setUp')
  @HttpCode(200)
  async correct(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slot: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CorrectionResult> {
    const where = [campaignId(id), slotOf(slot)] as const;
    const bytes = await readUpload(request, this.config.uploadStallMs);
    const correction = await this.corrections.correct(caller, ...where, bytes, goneSignal(response));
    return { correction, campaign: await this.campaigns.get(caller, where[0]) };
  }
}

/** Aborts when the caller goes away before there is an answer. */
function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

function slotOf(text: string): ListSlot {
  const slot = LIST_SLOTS.find((each) => each === text);
  if (!slot) throw new ProblemError('slot_unknown');
  return slot;
}

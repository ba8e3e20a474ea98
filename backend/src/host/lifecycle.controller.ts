import { Body, Controller, HttpCode, Post, Req, type RawBodyRequest } from '@nestjs/common';
import type { CallerRequest } from './caller.ts';
import { Public } from './caller.ts';
import { bearerToken } from './host.guard.ts';
import {
  InstalledSchema,
  LifecycleSchema,
  SecretRotatedSchema,
  UpdatedSchema,
  type Installed,
  type Lifecycle,
  type SecretRotated,
  type Updated,
} from './lifecycle-events.ts';
import { LifecycleService } from './lifecycle.service.ts';

type SignedRequest = RawBodyRequest<CallerRequest>;

/** Calls of the host's platform, each signed over its body by the platform's registered key. */
@Public()
@Controller('api/host')
export class LifecycleController {
  constructor(private readonly lifecycle: LifecycleService) {}

  @Post('installed')
  @HttpCode(200)
  async installed(@Req() request: SignedRequest, @Body({ schema: InstalledSchema }) event: Installed) {
    await this.lifecycle.installed(await this.sender(request), event);
    return { status: 'active' };
  }

  @Post('enabled')
  @HttpCode(204)
  async enabled(@Req() request: SignedRequest, @Body({ schema: LifecycleSchema }) event: Lifecycle) {
    await this.lifecycle.enabled(await this.sender(request), event);
  }

  @Post('disabled')
  @HttpCode(204)
  async disabled(@Req() request: SignedRequest, @Body({ schema: LifecycleSchema }) event: Lifecycle) {
    await this.lifecycle.disabled(await this.sender(request), event);
  }

  @Post('updated')
  @HttpCode(204)
  async updated(@Req() request: SignedRequest, @Body({ schema: UpdatedSchema }) event: Updated) {
    await this.lifecycle.updated(await this.sender(request), event);
  }

  @Post('secret-rotated')
  @HttpCode(204)
  async secretRotated(
    @Req() request: SignedRequest,
    @Body({ schema: SecretRotatedSchema }) event: SecretRotated,
  ) {
    await this.lifecycle.secretRotated(await this.sender(request), event);
  }

  @Post('uninstalled')
  @HttpCode(204)
  async uninstalled(@Req() request: SignedRequest, @Body({ schema: LifecycleSchema }) event: Lifecycle) {
    await this.lifecycle.uninstalled(await this.sender(request), event);
  }

  private sender(request: SignedRequest) {
    return this.lifecycle.sender(bearerToken(request), request.rawBody ?? Buffer.alloc(0));
  }
}

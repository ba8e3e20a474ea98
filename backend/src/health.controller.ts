import { Controller, Get } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Public } from './host/caller.ts';

@Public()
@Controller('health')
export class HealthController {
  constructor(private readonly dataSource: DataSource) {}

  /** 200 when the database answers, 503 (`unavailable`) when it does not. */
  @Get()
  async get() {
    await this.dataSource.manager.query('select 1');
    return { status: 'ok' };
  }
}

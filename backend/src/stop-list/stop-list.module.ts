import { Module } from '@nestjs/common';
import { StopListController } from './stop-list.controller.ts';
import { StopListService } from './stop-list.service.ts';

@Module({ controllers: [StopListController], providers: [StopListService], exports: [StopListService] })
export class StopListModule {}

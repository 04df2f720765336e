export { type Publishing, type PublishOptions, publishBackfills } from './publish.ts';
export { type WorkOptions, type WorkReport, workOnBackfills } from './work.ts';

export { defineConfig, type LoadedConfig, loadConfig } from './load.ts';
export { listDatabases, resolveSettings, type SettingsRequest } from './resolve.ts';

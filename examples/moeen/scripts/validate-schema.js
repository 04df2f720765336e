// node scripts/validate-schema.js
import { fileURLToPath } from 'node:url';
import { createMigrator } from 'godwit';

const ICONS = { error: '❌', warning: '⚠️ ', info: 'ℹ️ ' };

const migrator = createMigrator({ root: fileURLToPath(new URL('..', import.meta.url)) });

try {
  const { database, host } = await migrator.target();
  console.log(`🔍 ${database} at ${host}`);
  const { findings, summary } = await migrator.validate();
  for (const { severity, message, fix } of findings) {
    console.log(`${ICONS[severity]} ${message}`);
    if (fix) console.log(`   ${fix}`);
  }
  console.log(
    summary.error > 0
      ? `❌ ${summary.error} error(s), ${summary.warning} warning(s)`
      : `✅ The schema is valid (${summary.warning} warning(s))`,
  );
  process.exitCode = summary.error > 0 ? 1 : 0;
} catch ({ message, state, next = [], exitCode = 1 }) {
  for (const line of [message, state, ...next]) if (line) console.error(`❌ ${line}`);
  process.exitCode = exitCode;
} finally {
  await migrator.close();
}

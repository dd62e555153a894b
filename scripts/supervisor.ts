import { runSupervisor } from '../src/supervisor/supervisor.ts';

const [specPath = ''] = process.argv.slice(2);
await runSupervisor(specPath);

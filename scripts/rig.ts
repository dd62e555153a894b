import { rig } from './rig/main.ts';

process.exitCode = await rig(process.argv.slice(2));

import { useProcesses } from './process-bots.ts';
import { describeManager } from './runner-contract.ts';

describeManager(useProcesses());

import { fleet } from './app.ts';
import { testRaces } from './races.ts';

const { pair } = fleet();

testRaces('two processes (express and node) on one DynamoDB table', () => pair('express', 'node', 'dynamodb'));

// What JavaScript libraries make of our endpoint, as libraries.py does for Python's:
// `node libraries.mjs NAME ADDRESS KEY`, with tests/e2e/node_modules in reach.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [name, address, key, folder] = process.argv.slice(2)
const here = createRequire(pathToFileURL(`${folder}/package.json`))
const load = async (library) => import(pathToFileURL(here.resolve(library)).href)
const headers = { Authorization: `Bearer ${key}` }
const called = 'search_products'
const asked = { query: 'tent under $500', limit: 2, in_stock: null }

async function aiSdk() {
  const { createMCPClient } = await load('@ai-sdk/mcp')
  const { asSchema } = await load('ai')
  const client = await createMCPClient({ transport: { type: 'http', url: address, headers } })
  const tools = await client.tools()
  const names = []
  for (const [each, tool] of Object.entries(tools)) {
    if ((await asSchema(tool.inputSchema).jsonSchema).type === 'object') names.push(each)
  }
  const answer = await tools[called].execute(asked, { toolCallId: '1', messages: [] })
  await client.close()
  return [names, answer.content[0].text]
}

async function langchain() {
  const { MultiServerMCPClient } = await load('@langchain/mcp-adapters')
  const { convertToOpenAITool } = await load('@langchain/core/utils/function_calling')
  const client = new MultiServerMCPClient({ catalogs: { transport: 'http', url: address, headers } })
  const tools = await client.getTools()
  const names = tools.map((tool) => convertToOpenAITool(tool).function.name)
  const { in_stock: _, ...given } = asked // it checks what a model gives by our schema, before us
  const answer = await tools.find((tool) => tool.name === called).invoke(given)
  await client.close()
  return [names, typeof answer === 'string' ? answer : answer.text]
}

const libraries = { '@ai-sdk/mcp': aiSdk, '@langchain/mcp-adapters': langchain }
const [names, text] = await libraries[name]()
const { version } = JSON.parse(readFileSync(`${folder}/node_modules/${name}/package.json`))
console.log(JSON.stringify({ version, tools: names.sort(), answer: JSON.parse(text) }))

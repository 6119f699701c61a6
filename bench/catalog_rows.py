"""Made-up offerings for trying the catalogue bench without our server: catalog_rows.py COUNT >ROWS.jsonl

One offering a line, in the shape our API gives; the same count gives the same rows. The popular values are as uneven as
in a real catalogue.
"""

import json
import random
import sys
import uuid

KINDS = {
    "agents": ["Support Agent", "Research Agent", "Sales Agent", "Booking Agent", "Coding Agent"],
    "apps": ["Translator", "Summarizer", "Transcriber", "Image Studio", "Contract Reader"],
    "assistants": ["Writing Assistant", "Legal Assistant", "Teaching Assistant", "Medical Scribe"],
    "automations": ["Invoice Pipeline", "Lead Router", "Ticket Triage", "Report Builder", "Data Cleaner"],
}
FAMILIES = ["gpt", "claude", "llama", "gemini", "mistral", "other"]
REGIONS = {
    "Europe": ["DE", "FR", "EE", "NL"],
    "North America": ["US", "CA"],
    "Asia-Pacific": ["JP", "SG", "IN"],
    "South America": ["BR", "CL"],
    "Oceania": ["AU", "NZ"],
}
CERTIFICATES = ["GDPR", "SOC2", "HIPAA", "ISO27001"]
FEATURES = {"functionCalling": 0.6, "vision": 0.35, "streaming": 0.8, "jsonMode": 0.5, "fineTuned": 0.2}
WINDOWS = [4096, 8192, 16384, 32768, 65536, 128000, 131072, 200000, 1000000]
TRADES = ["retail", "banking", "logistics", "travel", "insurance", "hospitals", "schools", "studios", "agencies", "hotels"]
WORK = ["answers questions", "drafts replies", "checks documents", "routes requests", "extracts tables", "writes reports",
        "plans meetings", "compares offers", "watches deadlines", "translates letters", "summarizes calls", "finds sources"]
FIRST = ["Nordic", "Amber", "Clear", "Swift", "Bright", "Quiet", "Iron", "Cedar", "Harbor", "Lumen", "Orbit", "Pixel"]
SECOND = ["Works", "Labs", "Systems", "Studio", "Logic", "Foundry", "Desk", "Forge"]


def pick(r, values):
    values = list(values)
    return r.choices(values, [1 / (n + 1) for n in range(len(values))])[0]


def row(r, n):
    category = pick(r, KINDS)
    kind, trade = r.choice(KINDS[category]), r.choice(TRADES)
    region = pick(r, REGIONS)
    name = f"{r.choice(FIRST)} {kind} for {trade.title()} {n}"
    doing = r.sample(WORK, 5)
    return {
        "id": str(uuid.UUID(int=r.getrandbits(128), version=4)),
        "slug": name.lower().replace(" ", "-"),
        "name": name,
        "tagline": f"{doing[0].capitalize()} and {doing[1]} for {trade}",
        "description": f"{name} {doing[2]}, {doing[3]} and {doing[4]}. It is made for {trade} and knows their words. "
        f"Answers come with their sources, and what it does not know it says. Setting it up takes {r.randint(5, 90)} minutes.",
        "category": category,
        "modelFamily": pick(r, FAMILIES),
        "pricePer1KTokens": round(10 ** r.uniform(-4, -0.3), 6),
        "contextWindow": r.choice(WINDOWS),
        "features": {name: r.random() < share for name, share in FEATURES.items()},
        "geographic": {"country": r.choice(REGIONS[region]), "region": region},
        "compliance": [name for n, name in enumerate(CERTIFICATES) if r.random() < 0.6 / (n + 1)],
        "providerName": f"{r.choice(FIRST)} {r.choice(SECOND)}",
        "providerVerified": r.random() < 0.7,
    }


def main():
    count = int(sys.argv[1])
    r = random.Random(1)
    for n in range(1, count + 1):
        print(json.dumps(row(r, n)))


if __name__ == "__main__":
    try:
        main()
    except (IndexError, ValueError):
        sys.exit(__doc__)

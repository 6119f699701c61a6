#!/usr/bin/env bash
# Makes the two fonts of this folder again, from npm's `geist`: Latin with its extensions, Vietnamese, Cyrillic, signs;
# no hinting, and of the layout tables only the kerning. fonttools comes from PyPI, into a folder that goes away.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm pack --silent geist@1.9.2
tar xzf geist-1.9.2.tgz
python3 -m venv venv
venv/bin/pip install --quiet fonttools==4.68.0

signs=U+2010-2027,U+2030-203A,U+2044,U+2070-2089,U+20A0-20C0,U+2116,U+2122,U+2126,U+2150-215F,U+2190-2199,U+2202-2265,U+25CF
for weight in Regular SemiBold; do
    venv/bin/pyftsubset "package/dist/fonts/geist-sans/Geist-$weight.ttf" \
        --unicodes="U+20-7E,U+A0-17F,U+1A0-1A1,U+1AF-1B0,U+1E6-1E7,U+218-21B,U+259,U+2BC,U+1E80-1EF9,U+400-4E9,$signs" \
        --no-hinting --layout-features=kern --drop-tables+=DSIG,GDEF,GSUB,STAT,gasp,meta --name-IDs=0,1,2,13,14 \
        --output-file="$here/Geist-$weight.ttf"
done
cp package/LICENSE.txt "$here/OFL.txt"

"""A product template as the files that a deal begins with."""

from __future__ import annotations

import csv
import io

from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES
from chainfusion.domain.roles import ROLE_NAMES
from chainfusion.processes.products.template import ProductTemplate
from chainfusion.tape.mapping import Mapping
from chainfusion.tape.mapping_reader import parse_mapping


def files_of(template: ProductTemplate) -> dict[str, bytes]:
    """The files by name: README.md tells in both languages what each is for and which commands take them."""
    texts = {
        "README.md": _readme(template),
        "mapping.yaml": template.mapping,
        "tape.csv": _header(parse_mapping(template.mapping.encode())),
        "criteria.yaml": template.criteria,
        "index.txt": "".join(f"{entry.kind.value}={entry.provider.value}\n" for entry in template.index),
        "terms.yaml": template.terms,
    }
    return {name: text.encode() for name, text in texts.items()}


def columns_of(mapping: Mapping) -> tuple[str, ...]:
    """The columns that a mapping reads, each once: the cut-off date's first, then in the order of the loan's fields."""
    found = [mapping.as_of.column] if mapping.as_of.column else []
    for field in mapping.fields:
        found += [*field.rule.columns[:1], *field.rule.first_of, *field.rule.join]
    return tuple(dict.fromkeys(found))


def _header(mapping: Mapping) -> str:
    """A tape with its header alone, in UTF-8 with the mark that spreadsheets need."""
    sheet = io.StringIO()
    csv.writer(sheet, lineterminator="\r\n").writerow(columns_of(mapping))
    return "\ufeff" + sheet.getvalue()


def _readme(template: ProductTemplate) -> str:
    definition = template.definition
    papers = "".join(
        f"| {DOCUMENT_KIND_NAMES[entry.kind].zh} | {DOCUMENT_KIND_NAMES[entry.kind].en} | `{entry.kind.value}` "
        f"| {ROLE_NAMES[entry.provider].zh} | {ROLE_NAMES[entry.provider].en} |\n"
        for entry in template.index
    )
    return _README.format(
        zh=template.name.zh,
        en=template.name.en,
        product=template.product.value,
        currency=template.currency,
        process=template.process,
        version=template.version,
        process_zh=definition.main.name_zh,
        process_en=definition.main.name,
        papers=papers,
    )


_README = """# {zh} · {en}

项目所需的起点文件。请逐项核对；金额、日期、费率、限值均为示例。
What a deal of this kind begins with. Check every line: amounts, dates, rates and limits are examples.

| 文件 file | 用途 | what for |
|---|---|---|
| tape.csv | 资产清单表头 | the tape's header |
| mapping.yaml | 清单映射 | how the tape is read |
| criteria.yaml | 合格标准与集中度 | eligibility and concentration |
| index.txt | 工作底稿目录 | the index of working papers |
| terms.yaml | 交易条款骨架 | a skeleton of the deal terms |

流程 process: `{process}`, version {version} ({process_zh} · {process_en})

```sh
chainfusion deal open DEAL --product {product} --currency {currency} --name NAME --name-zh 名称 --party ROLE=MSP
chainfusion document require DEAL $(cat index.txt)
chainfusion process start DEAL --process {process} --version {version}
chainfusion tape check tape.csv --mapping mapping.yaml
chainfusion tape criteria tape.csv --mapping mapping.yaml --criteria criteria.yaml
chainfusion terms check terms.yaml
```

## 工作底稿目录 Working papers

| 文件 | document | kind | 提供方 | provided by |
|---|---|---|---|---|
{papers}"""

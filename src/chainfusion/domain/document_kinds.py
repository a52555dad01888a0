"""The public vocabulary of documents, and the index of kinds (底稿目录) that a deal starts from.

The ledger names a document by its kind alone: titles and file names stay in the vault.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from chainfusion.domain.deal import SPECIAL_PLANS, Product
from chainfusion.domain.errors import Text
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from chainfusion.domain.text import check


class DocumentKind(StrEnum):
    """What a document is, in the words of credit-asset securitization."""

    LOAN_TAPE = "loan-tape"
    LOAN_OPENINGS = "loan-openings"
    ELIGIBILITY_CRITERIA = "eligibility-criteria"
    STATIC_POOL_DATA = "static-pool-data"
    LEGAL_DUE_DILIGENCE_REPORT = "legal-due-diligence-report"
    AGREED_UPON_PROCEDURES_REPORT = "agreed-upon-procedures-report"
    MASTER_DEFINITIONS = "master-definitions"
    TRUST_CONTRACT = "trust-contract"
    SERVICE_CONTRACT = "service-contract"
    CUSTODY_CONTRACT = "custody-contract"
    UNDERWRITING_AGREEMENT = "underwriting-agreement"
    SYNDICATE_AGREEMENT = "syndicate-agreement"
    PAYING_AGENCY_AGREEMENT = "paying-agency-agreement"
    CASH_FLOW_MODEL = "cash-flow-model"
    LEGAL_OPINION = "legal-opinion"
    ACCOUNTING_OPINION = "accounting-opinion"
    TAX_OPINION = "tax-opinion"
    RATING_REPORT = "rating-report"
    SURVEILLANCE_PLAN = "surveillance-plan"
    PROSPECTUS = "prospectus"
    OFFERING_METHOD = "offering-method"
    PRODUCT_REGISTRATION = "product-registration"
    APPLICATION_REPORT = "application-report"
    ISSUE_REGISTRATION_FORM = "issue-registration-form"
    PLAN_DOCUMENT = "plan-document"
    ASSET_PURCHASE_AGREEMENT = "asset-purchase-agreement"
    SUPERVISION_AGREEMENT = "supervision-agreement"
    NO_OBJECTION_LETTER = "no-objection-letter"
    ALLOTMENT_RECORD = "allotment-record"
    FUNDS_CONFIRMATION = "funds-confirmation"
    ISSUE_RESULT = "issue-result"
    SERVICER_REPORT = "servicer-report"
    CUSTODIAN_REPORT = "custodian-report"
    PAYMENT_INSTRUCTION = "payment-instruction"
    PAYMENT_CONFIRMATION = "payment-confirmation"
    TRUSTEE_REPORT = "trustee-report"
    AUDIT_REPORT = "audit-report"
    CLEARING_REPORT = "clearing-report"
    WORKING_PAPER = "working-paper"


DOCUMENT_KIND_NAMES: dict[DocumentKind, Text] = {
    DocumentKind.LOAN_TAPE: Text("Loan tape", "资产清单"),
    DocumentKind.LOAN_OPENINGS: Text("Openings of the loans' commitments", "逐笔承诺开启文件"),
    DocumentKind.ELIGIBILITY_CRITERIA: Text("Eligibility criteria", "合格标准"),
    DocumentKind.STATIC_POOL_DATA: Text("Static pool data", "静态池数据"),
    DocumentKind.LEGAL_DUE_DILIGENCE_REPORT: Text("Legal due-diligence report", "法律尽职调查报告"),
    DocumentKind.AGREED_UPON_PROCEDURES_REPORT: Text("Agreed-upon-procedures report", "商定程序报告"),
    DocumentKind.MASTER_DEFINITIONS: Text("Master definitions", "主定义表"),
    DocumentKind.TRUST_CONTRACT: Text("Trust contract", "信托合同"),
    DocumentKind.SERVICE_CONTRACT: Text("Service contract", "服务合同"),
    DocumentKind.CUSTODY_CONTRACT: Text("Custody contract", "资金保管合同"),
    DocumentKind.UNDERWRITING_AGREEMENT: Text("Lead underwriting agreement", "主承销协议"),
    DocumentKind.SYNDICATE_AGREEMENT: Text("Syndicate agreement", "承销团协议"),
    DocumentKind.PAYING_AGENCY_AGREEMENT: Text("Registration and paying-agency agreement", "登记托管和代理兑付协议"),
    DocumentKind.CASH_FLOW_MODEL: Text("Cash-flow model", "现金流模型"),
    DocumentKind.LEGAL_OPINION: Text("Legal opinion", "法律意见书"),
    DocumentKind.ACCOUNTING_OPINION: Text("Accounting opinion", "会计意见书"),
    DocumentKind.TAX_OPINION: Text("Tax opinion", "税务意见书"),
    DocumentKind.RATING_REPORT: Text("Rating report", "信用评级报告"),
    DocumentKind.SURVEILLANCE_PLAN: Text("Surveillance plan", "跟踪评级安排"),
    DocumentKind.PROSPECTUS: Text("Prospectus", "发行说明书"),
    DocumentKind.OFFERING_METHOD: Text("Offering method", "发行办法"),
    DocumentKind.PRODUCT_REGISTRATION: Text("Product information registration", "产品信息登记"),
    DocumentKind.APPLICATION_REPORT: Text("Application report", "申请报告"),
    DocumentKind.ISSUE_REGISTRATION_FORM: Text("Issue registration form", "发行登记表"),
    DocumentKind.PLAN_DOCUMENT: Text("Plan document", "计划说明书"),
    DocumentKind.ASSET_PURCHASE_AGREEMENT: Text("Asset purchase agreement", "资产买卖协议"),
    DocumentKind.SUPERVISION_AGREEMENT: Text("Supervision agreement", "监管协议"),
    DocumentKind.NO_OBJECTION_LETTER: Text("No-objection letter", "无异议函"),
    DocumentKind.ALLOTMENT_RECORD: Text("Pricing and allotment record", "定价与配售记录"),
    DocumentKind.FUNDS_CONFIRMATION: Text("Funds confirmation", "到账确认书"),
    DocumentKind.ISSUE_RESULT: Text("Issue result", "发行结果公告"),
    DocumentKind.SERVICER_REPORT: Text("Servicer report", "贷款服务机构报告"),
    DocumentKind.CUSTODIAN_REPORT: Text("Custodian report", "资金保管机构报告"),
    DocumentKind.PAYMENT_INSTRUCTION: Text("Payment instruction", "划款指令"),
    DocumentKind.PAYMENT_CONFIRMATION: Text("Payment confirmation", "兑付兑息确认"),
    DocumentKind.TRUSTEE_REPORT: Text("Trustee report", "受托机构报告"),
    DocumentKind.AUDIT_REPORT: Text("Audit report", "审计报告"),
    DocumentKind.CLEARING_REPORT: Text("Clearing report", "清算报告"),
    DocumentKind.WORKING_PAPER: Text("Working paper", "工作底稿"),
}


@dataclass(frozen=True)
class IndexEntry:
    """One line of a deal's index: this kind, provided by a party in this role."""

    kind: DocumentKind
    provider: Role

    def __post_init__(self) -> None:
        check(self.provider in INSTITUTION_ROLES, "an institution's role provides a document")


@cache
@cache
def default_index(product: Product) -> tuple[IndexEntry, ...]:
    """The index that a deal of this product starts from, in the order in which the documents come about."""
    return tuple(entry for entry in _CREDIT_ABS if product not in SPECIAL_PLANS or entry.kind not in _INTERBANK_ONLY)


_CREDIT_ABS = (
    IndexEntry(DocumentKind.LOAN_TAPE, Role.ORIGINATOR),
    IndexEntry(DocumentKind.ELIGIBILITY_CRITERIA, Role.ORIGINATOR),
    IndexEntry(DocumentKind.STATIC_POOL_DATA, Role.ORIGINATOR),
    IndexEntry(DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, Role.LAW_FIRM),
    IndexEntry(DocumentKind.AGREED_UPON_PROCEDURES_REPORT, Role.ACCOUNTANT),
    IndexEntry(DocumentKind.MASTER_DEFINITIONS, Role.LAW_FIRM),
    IndexEntry(DocumentKind.TRUST_CONTRACT, Role.TRUSTEE),
    IndexEntry(DocumentKind.SERVICE_CONTRACT, Role.SERVICER),
    IndexEntry(DocumentKind.CUSTODY_CONTRACT, Role.CUSTODIAN),
    IndexEntry(DocumentKind.UNDERWRITING_AGREEMENT, Role.LEAD_UNDERWRITER),
    IndexEntry(DocumentKind.SYNDICATE_AGREEMENT, Role.LEAD_UNDERWRITER),
    IndexEntry(DocumentKind.PAYING_AGENCY_AGREEMENT, Role.REGISTRAR),
    IndexEntry(DocumentKind.CASH_FLOW_MODEL, Role.LEAD_UNDERWRITER),
    IndexEntry(DocumentKind.LEGAL_OPINION, Role.LAW_FIRM),
    IndexEntry(DocumentKind.ACCOUNTING_OPINION, Role.ACCOUNTANT),
    IndexEntry(DocumentKind.TAX_OPINION, Role.ACCOUNTANT),
    IndexEntry(DocumentKind.RATING_REPORT, Role.RATING_AGENCY),
    IndexEntry(DocumentKind.SURVEILLANCE_PLAN, Role.RATING_AGENCY),
    IndexEntry(DocumentKind.PROSPECTUS, Role.TRUSTEE),
    IndexEntry(DocumentKind.OFFERING_METHOD, Role.LEAD_UNDERWRITER),
    IndexEntry(DocumentKind.PRODUCT_REGISTRATION, Role.ORIGINATOR),
)
_INTERBANK_ONLY = frozenset(
    {DocumentKind.SYNDICATE_AGREEMENT, DocumentKind.OFFERING_METHOD, DocumentKind.PRODUCT_REGISTRATION}
)

"""What originators and regulators call the canonical fields.

Names of SEC Regulation AB II (Schedule AL), codes of the ESMA Annex 2 and the Bank of England's AR templates,
names that lenders' systems use, and Chinese headers; compared without case and marks.
"""

from __future__ import annotations

import re
import unicodedata

AS_OF = "as_of"
_NAMES: dict[str, str] = {
    "loan_id": """assetNumber loanId loan_id loanNumber loanNo accountNumber accountId contractNumber contractNo
        obligationNumber RREL2 RREL3 AR3 uniqueIdentifier newUnderlyingExposureIdentifier id loan
        originalUnderlyingExposureIdentifier 借据号 借据编号 贷款编号 合同编号 合同号 贷款合同编号 资产编号
        贷款账号""",
    "borrower_id": """borrowerId obligorId customerId customerNumber clientId borrower RREL5 newObligorIdentifier
        originalObligorIdentifier 借款人编号 借款人 客户号 客户编号 借款人代码 借款人名称""",
    "currency": """currency currencyCode currencyDenomination loanCurrency ccy 币种 货币 币别""",
    "original_balance": """originalLoanAmount originalBalance originalPrincipalBalance loanAmount origBal
        originalAmount amountFinanced fundedAmount loan_amnt RREL29 AR66 principalAmount 合同金额 贷款金额
        放款金额 借款金额 贷款本金 合同本金 初始本金 发放金额 贷款发放金额""",
    "current_balance": """currentBalance currentPrincipalBalance reportingPeriodActualEndBalanceAmount
        outstandingBalance currentActualUPB reportPeriodEndActualBalanceAmount
        reportPeriodEndScheduledLoanBalanceAmount principalBalance unpaidPrincipalBalance upb
        outstandingPrincipal balance curBal out_prncp RREL30 AR67 未偿本金余额 本金余额 贷款余额 未偿本金
        剩余本金 当前余额 封包日未偿本金余额 借据余额""",
    "rate_ppm": """interestRate currentInterestRate rate noteRate coupon apr annualRate interestRatePercentage
        int_rate reportingPeriodInterestRatePercentage reportPeriodInterestRatePercentage currentRate RREL43
        AR109 利率 执行利率 年利率 贷款利率 当前利率 现行利率 执行年利率 合同利率""",
    "original_term": """originalLoanTerm originalTerm originalTermLoanNumber loanTerm term termMonths
        termInMonths RREL25 originalTermToMaturity tenor 合同期限 贷款期限 期限 原始期限 贷款期限月 总期数""",
    "remaining_term": """remainingTermToMaturityNumber remainingTermtoMaturityNumber remainingTerm remTerm
        monthsToMaturity remainingMonths remainingTermMonths 剩余期限 剩余月数 剩余期数 剩余期限月""",
    "seasoning": """seasoning loanAge age monthsOnBook mob ageMonths 账龄 账龄月 已还期数""",
    "origination_date": """originationDate origDate startDate openDate disbursementDate issueDate issue_d
        issueMonth contractDate loanDate RREL23 AR55 fundingDate 起息日 发放日 放款日 贷款发放日 合同起始日
        起始日 贷款起始日 放款日期 发放日期 起息日期""",
    "first_payment_date": """originalFirstPaymentDate firstPaymentDate firstLoanPaymentDueDate firstDueDate
        首次还款日 首期还款日 首次还款日期""",
    "maturity_date": """loanMaturityDate maturityDate endDate finalPaymentDate expiryDate dueDate RREL24 AR56
        到期日 到期日期 贷款到期日 合同到期日 终止日 合同终止日""",
    "repayment": """paymentTypeCode repaymentMethod amortizationType amortisationType repaymentType RREL35
        还款方式 还本付息方式 偿还方式""",
    "payment_amount": """reportingPeriodScheduledPaymentAmount scheduledPayment monthlyPayment installment
        instalment paymentAmount paymentDue totalScheduledPrincipalInterestDueAmount pmt RREL39 AR71 月供
        每期还款额 月还款额 期供""",
    "status": """loanStatus status accountStatus paymentStatusLoanCode loan_status RREL69 AR166 贷款状态 五级分类
        状态 账户状态 资产状态""",
    "days_past_due": """currentDelinquencyStatus daysPastDue daysDelinquent dpd numberOfDaysInArrears
        daysInArrears RREL68 AR170 delinquencyDays 逾期天数 当前逾期天数 拖欠天数""",
    "collateral_value": """vehicleValueAmount collateralValue propertyValue appraisedValue currentValuationAmount
        originalValuationAmount valuation RREC13 mostRecentValuationAmount 抵押物价值 抵押物评估价值 评估价值
        抵押物估值 房产价值 房屋评估价值 抵押物评估值""",
    "ltv_ppm": """ltv loanToValue currentLoanToValue originalLoanToValue currentLtv RREC12 ltvRatio 抵押率
        贷款价值比 贷款成数 初始抵押率 当前贷款价值比""",
    "credit_score": """obligorCreditScore creditScore fico score ficoScore 信用评分 信用分 内部评分""",
    "region": """obligorGeographicLocation state addrState region province city geographicRegionObligor RREL11
        propertyState country 地区 省份 地域 所在地区 借款人所在地区 借款人所在省份 所在省份 抵押物所在地区 城市""",
    "product": """productType loanType assetType product loanPurpose RREL27 品种 贷款品种 贷款类型 业务品种
        产品类型""",
    AS_OF: """reportingPeriodEndingDate reportingPeriodEndDate asOfDate cutOffDate cutoffDate reportingDate
        poolCutOffDate reportDate dataDate dataCutOffDate RREL6 封包日 截止日 统计日期 数据日期 基准日 报告日期""",
}  # fmt: skip


def plain(name: str) -> str:
    """A header without case, width, spaces and marks: `Original Loan-Amount` and `originalLoanAmount` are one."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    folded = re.sub(r"[(（\[【].*?[)）\]】]", "", folded) or folded
    return "".join(c for c in folded if c.isalnum())


SYNONYMS: dict[str, frozenset[str]] = {field: frozenset(map(plain, names.split())) for field, names in _NAMES.items()}
"""Names by field, as `plain` writes them."""

CODES: dict[str, dict[str, str]] = {
    "status": {
        "current": "CURRENT", "performing": "CURRENT", "正常": "CURRENT", "ingraceperiod": "GRACE_PERIOD",
        "关注": "DELINQUENT", "late1630days": "DELINQUENT", "late31120days": "DELINQUENT", "逾期": "DELINQUENT",
        "default": "DEFAULTED", "defaulted": "DEFAULTED", "次级": "DEFAULTED", "可疑": "DEFAULTED",
        "损失": "DEFAULTED", "违约": "DEFAULTED", "chargedoff": "CHARGED_OFF", "核销": "CHARGED_OFF",
        "fullypaid": "PAID_OFF", "结清": "PAID_OFF", "已结清": "PAID_OFF", "prepaid": "PAID_OFF",
        "foreclosure": "FORECLOSURE", "repossessed": "REPOSSESSED",
    },
    "repayment": {
        "等额本息": "LEVEL_PAYMENT", "等额本金": "LEVEL_PRINCIPAL", "按月付息到期还本": "BULLET",
        "一次性还本付息": "BULLET", "先息后本": "INTEREST_ONLY", "到期一次还本付息": "BULLET",
        "levelpayment": "LEVEL_PAYMENT", "annuity": "LEVEL_PAYMENT", "linear": "LEVEL_PRINCIPAL", "bullet": "BULLET",
        "balloon": "BALLOON", "interestonly": "INTEREST_ONLY",
    },
    "product": {
        "个人住房抵押贷款": "RESIDENTIAL_MORTGAGE", "个人住房贷款": "RESIDENTIAL_MORTGAGE", "汽车贷款": "AUTO_LOAN",
        "汽车抵押贷款": "AUTO_LOAN", "个人消费贷款": "CONSUMER_LOAN", "消费贷款": "CONSUMER_LOAN",
        "信用卡": "CREDIT_CARD", "小微企业贷款": "SME_LOAN", "企业贷款": "CORPORATE_LOAN",
        "融资租赁": "EQUIPMENT_LEASE", "autoloan": "AUTO_LOAN", "mortgage": "RESIDENTIAL_MORTGAGE",
    },
}  # fmt: skip
"""Codes that need no asking, by field, as `plain` writes the tape's text."""
CURRENCIES = {
    "人民币": "CNY",
    "人民币元": "CNY",
    "rmb": "CNY",
    "美元": "USD",
    "欧元": "EUR",
    "港币": "HKD",
    "港元": "HKD",
}
NULL_MARKERS = ("", "NA", "N/A", "n/a", "-", "--", "None", "NULL", "null", "NaN", "nan", "#N/A", "ND1", "ND2", "ND3",
                "ND5", "无", "不适用")  # fmt: skip
"""What tapes write where a value is absent."""
